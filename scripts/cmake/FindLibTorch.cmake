# Finds the LibTorch inside a Python wheel without importing it, and without the CUDA language that
# find_package(Torch) forces. LibTorch_ROOT names the torch folder; otherwise the project's virtual
# environment and then python3 on PATH are asked.
#
# Targets: LibTorch::cpu, that is libtorch_cpu and libc10. libtorch_cuda is loaded at run time when a
# CUDA device is asked for, so a program needs neither it nor a driver to start.
set(LibTorch_ROOT "" CACHE PATH "The torch folder of a Python wheel")

if(NOT LibTorch_ROOT)
  foreach(python IN ITEMS "${PROJECT_SOURCE_DIR}/.venv/bin/python3" python3)
    execute_process(
      COMMAND "${python}" -c
        "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')"
      OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(found)
      set(LibTorch_ROOT "${found}" CACHE PATH "The torch folder of a Python wheel" FORCE)
      break()
    endif()
  endforeach()
endif()

if(LibTorch_ROOT AND EXISTS "${LibTorch_ROOT}/version.py")
  file(STRINGS "${LibTorch_ROOT}/version.py" version_line REGEX "^__version__")
  string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" LibTorch_VERSION "${version_line}")
  file(STRINGS "${LibTorch_ROOT}/version.py" cuda_line REGEX "^cuda:")
  string(REGEX MATCH "[0-9]+\\.[0-9]+" LibTorch_CUDA_VERSION "${cuda_line}")
endif()
find_library(LibTorch_cpu_LIBRARY torch_cpu PATHS "${LibTorch_ROOT}/lib" NO_DEFAULT_PATH)
find_library(LibTorch_c10_LIBRARY c10 PATHS "${LibTorch_ROOT}/lib" NO_DEFAULT_PATH)
mark_as_advanced(LibTorch_cpu_LIBRARY LibTorch_c10_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_cpu_LIBRARY LibTorch_c10_LIBRARY
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "run scripts/setup, or set LibTorch_ROOT to the torch folder of a Python environment")

if(LibTorch_FOUND AND NOT TARGET LibTorch::cpu)
  add_library(LibTorch::c10 SHARED IMPORTED)
  set_target_properties(LibTorch::c10 PROPERTIES IMPORTED_LOCATION "${LibTorch_c10_LIBRARY}")
  target_include_directories(LibTorch::c10 SYSTEM INTERFACE
    "${LibTorch_ROOT}/include" "${LibTorch_ROOT}/include/torch/csrc/api/include")
  # What libtorch_cpu needs in turn lies in other wheels, which its own RPATH finds at run time.
  target_link_options(LibTorch::c10 INTERFACE "-Wl,--allow-shlib-undefined")
  add_library(LibTorch::cpu SHARED IMPORTED)
  set_target_properties(LibTorch::cpu PROPERTIES IMPORTED_LOCATION "${LibTorch_cpu_LIBRARY}")
  target_link_libraries(LibTorch::cpu INTERFACE LibTorch::c10)
endif()
