include(GNUInstallDirs)

# Flags that every target of ours has.
function(decodemeter_defaults target)
  set(cxx "$<COMPILE_LANGUAGE:CXX>")
  target_compile_options(${target} PRIVATE
    "$<${cxx}:-Wall;-Wextra;-Wshadow;-Wnon-virtual-dtor;-Woverloaded-virtual>"
    # GCC 12 sees overlaps in `"." + string` (its bug 105651) and uninitialized members in `{}` arguments.
    "$<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict;-Wno-maybe-uninitialized>"
    "$<$<AND:${cxx},$<BOOL:${DECODEMETER_WERROR}>>:-Werror>")
  if(DECODEMETER_SANITIZE)
    target_compile_options(${target} PRIVATE
      "$<${cxx}:-fsanitize=${DECODEMETER_SANITIZE};-fno-omit-frame-pointer;-fno-sanitize-recover=undefined>")
    target_link_options(${target} PRIVATE "-fsanitize=${DECODEMETER_SANITIZE}")
  endif()
  target_link_options(${target} PRIVATE "-Wl,--no-undefined")
  get_target_property(libraries ${target} LINK_LIBRARIES)
  if(libraries MATCHES "LibTorch::cpu")
    # A file that includes LibTorch costs 5 to 15 CPU seconds: compile them in few batches.
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
endfunction()

# decodemeter_library(<name> HEADERS ... SOURCES ... PUBLIC ... PRIVATE ...)
# makes decodemeter_<name> with the alias decodemeter::<name>. Its headers form a verified header set,
# included by their path from the top of the project.
function(decodemeter_library name)
  cmake_parse_arguments(arg "" "" "HEADERS;SOURCES;PUBLIC;PRIVATE" ${ARGN})
  set(target decodemeter_${name})
  add_library(${target} ${arg_SOURCES})
  add_library(decodemeter::${name} ALIAS ${target})
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}" FILES ${arg_HEADERS})
  target_link_libraries(${target} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
  target_compile_features(${target} PUBLIC cxx_std_20)
  # The same command line whether the library is static or shared, so that ccache knows it.
  set_target_properties(${target} PROPERTIES DEFINE_SYMBOL "")
  decodemeter_defaults(${target})
endfunction()
