# decodemeter_gpu_test(<name> SOURCES ... LINK ...): one program of tests that need a CUDA device, known to ctest as one
# test with the label gpu, which shows as skipped where there is no device. Not built without nvcc. tests/gpu/gpu_main.cpp
# is its main program.
function(decodemeter_gpu_test name)
  if(NOT DECODEMETER_HAS_CUDA)
    return()
  endif()
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  set(target gpu_test_${name})
  add_executable(${target} "${PROJECT_SOURCE_DIR}/tests/gpu/gpu_main.cpp" ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE Catch2::Catch2 CUDA::cudart ${arg_LINK})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}")
  decodemeter_defaults(${target})
  add_test(NAME "gpu: ${name}" COMMAND ${target})
  set_tests_properties("gpu: ${name}" PROPERTIES LABELS gpu SKIP_RETURN_CODE 77)
endfunction()
