# Compiles the kernels for every architecture, writes what each one takes of the device to a table,
# and fails if one of them spills registers:
#
#   cmake -DNVCC=nvcc -DARCHITECTURES=75,90 -DSOURCE=native -DTABLE=resources.md -P KernelResources.cmake
#
# Run by ctest of native/, as kernel_resources.
string(REPLACE "," ";" architectures "${ARCHITECTURES}")
set(rows)
set(spilling)
foreach(number IN LISTS architectures)
  execute_process(
    COMMAND ${NVCC} -cubin -std=c++17 -O3 -arch=sm_${number} -Xptxas -v -I${SOURCE}/include
      -o ${TABLE}.cubin ${SOURCE}/kernels/fourierft.cu
    ERROR_VARIABLE report OUTPUT_VARIABLE report COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE ";" "," report "${report}")
  string(REGEX REPLACE "\n" ";" lines "${report}")
  set(kernel "")
  foreach(line IN LISTS lines)
    if(line MATCHES "Compiling entry function '(fourierft_[a-z_]+)'")
      set(kernel ${CMAKE_MATCH_1})
    elseif(line MATCHES "([0-9]+) bytes stack frame, ([0-9]+) bytes spill stores, ([0-9]+) bytes spill")
      set(stack ${CMAKE_MATCH_1})
      if(NOT "${CMAKE_MATCH_2}${CMAKE_MATCH_3}" STREQUAL "00")
        list(APPEND spilling "${kernel} on sm_${number}: ${line}")
      endif()
    elseif(line MATCHES "Used ([0-9]+) registers")
      set(registers ${CMAKE_MATCH_1})
      set(shared 0)
      if(line MATCHES "([0-9]+) bytes smem")
        set(shared ${CMAKE_MATCH_1})
      endif()
      list(APPEND rows "| ${kernel} | sm_${number} | ${registers} | ${shared} | ${stack} |")
    endif()
  endforeach()
endforeach()
file(REMOVE ${TABLE}.cubin)
list(LENGTH rows count)
if(count EQUAL 0)
  message(FATAL_ERROR "the compiler reported no kernel; its report has another form than expected")
endif()
list(SORT rows)
string(REPLACE ";" "\n" text "${rows}")
file(WRITE ${TABLE} "| Kernel | GPU | Registers | Static shared memory | Stack |\n| --- | --- | --- | --- | --- |\n${text}\n")
if(spilling)
  string(REPLACE ";" "\n  " spilling "${spilling}")
  message(FATAL_ERROR "registers are spilled:\n  ${spilling}")
endif()
message(STATUS "${count} reports, no spills; see ${TABLE}")
