# Sets DECODEMETER_HAS_CUDA and DECODEMETER_HAS_CUPTI. Which file of each pair <op>.cu / <op>_stub.cpp is built follows from it,
# so that no caller needs an #ifdef.
set(DECODEMETER_HAS_CUDA OFF)
set(DECODEMETER_HAS_CUPTI OFF)
if(DECODEMETER_CUDA STREQUAL "OFF")
  return()
endif()

include(CheckLanguage)
check_language(CUDA)
if(NOT CMAKE_CUDA_COMPILER)
  if(DECODEMETER_CUDA STREQUAL "ON")
    message(FATAL_ERROR
      "DECODEMETER_CUDA=ON, but no nvcc was found. Put nvcc on PATH, set CUDACXX, or install one with\n"
      "  scripts/setup --cuda")
  endif()
  message(STATUS "No nvcc: building without CUDA (scripts/setup --cuda installs one)")
  return()
endif()

set(CMAKE_CUDA_STANDARD 17)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES "80-real;90")
endif()
enable_language(CUDA)
find_package(CUDAToolkit REQUIRED)
set(DECODEMETER_HAS_CUDA ON)

# CUPTI's headers come with the toolkit, or apart from it; its library is loaded at run time.
find_path(DECODEMETER_CUPTI_INCLUDE_DIR cupti.h
  HINTS ${CUDAToolkit_INCLUDE_DIRS} "${CUDAToolkit_ROOT}/extras/CUPTI/include"
    "${CUDAToolkit_LIBRARY_ROOT}/extras/CUPTI/include")
if(DECODEMETER_CUPTI_INCLUDE_DIR)
  set(DECODEMETER_HAS_CUPTI ON)
endif()
