# Finds nvcc, unless FOURIERFT_NVCC names it, and asks it what it can do. CMake's own CUDA language
# is not used: it links test programs against the CUDA runtime, and the kernels need neither.
#
# Sets FOURIERFT_NVCC, and defines
#   nvcc_architectures(RESULT wanted...)   those of the wanted numbers (75, 80, ...) that it knows
#   nvcc_version(RESULT)                   its version, as 13.0
#   nvcc_compression(RESULT)               flags for the smallest fatbin that it can write
find_program(FOURIERFT_NVCC nvcc
  HINTS ENV CUDA_PATH ENV CUDA_HOME
  PATHS /usr/local/cuda
  PATH_SUFFIXES bin
  DOC "NVIDIA's CUDA compiler")

function(nvcc_architectures result)
  execute_process(COMMAND ${FOURIERFT_NVCC} --list-gpu-code
    OUTPUT_VARIABLE known COMMAND_ERROR_IS_FATAL ANY)
  set(found)
  foreach(number IN LISTS ARGN)
    if(known MATCHES "sm_${number}\n")
      list(APPEND found ${number})
    else()
      message(STATUS "${FOURIERFT_NVCC} does not know sm_${number}; left out")
    endif()
  endforeach()
  set(${result} ${found} PARENT_SCOPE)
endfunction()

function(nvcc_version result)
  execute_process(COMMAND ${FOURIERFT_NVCC} --version
    OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
  if(NOT text MATCHES "release ([0-9]+\\.[0-9]+)")
    message(FATAL_ERROR "${FOURIERFT_NVCC} does not tell its version")
  endif()
  set(${result} ${CMAKE_MATCH_1} PARENT_SCOPE)
endfunction()

function(nvcc_compression result)
  execute_process(COMMAND ${FOURIERFT_NVCC} --help OUTPUT_VARIABLE help COMMAND_ERROR_IS_FATAL ANY)
  if(help MATCHES "--compress-mode")
    set(${result} --compress-mode=size PARENT_SCOPE)
  else()
    set(${result} -Xfatbin=-compress-all PARENT_SCOPE)
  endif()
endfunction()
