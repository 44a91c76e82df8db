# complete.zsh SCRIPT LINE: prints what a zsh at a terminal makes of a line and a tabulator, once it has
# loaded the script.
zmodload zsh/zpty
zpty shell zsh -f -i

# Everything that the other shell has written until some text is there, or half a minute has passed.
until_seen() {
  local all= part
  local -i tries=0
  while (( tries++ < 300 )); do
    if zpty -r -t shell part; then all+=$part; else sleep 0.1; fi
    [[ $all != *$1* ]] || break
  done
  print -r -- "$all"
}

# The words that are waited for are broken up in what is typed, which the terminal shows too.
zpty -w shell "PS1= PS2=; autoload -Uz compinit && compinit -u -D && source ${(q)1} && print re''ady"
until_seen ready >/dev/null
zpty -w -n shell "$2"$'\t'
sleep 1
zpty -w shell $'\C-a\C-k'
zpty -w shell "print do''ne"
until_seen done
zpty -d shell
