# cmake --install <build> --component predictor
# installs libdecodemeter_predictor with its headers, its Python module, and what find_package(decodemeter) reads.
include(CMakePackageConfigHelpers)

install(TARGETS decodemeter_predictor_shared EXPORT decodemeterTargets
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT predictor NAMELINK_COMPONENT predictor
  INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(FILES
  "${PROJECT_SOURCE_DIR}/estimator/predictor/predictor.hpp" "${PROJECT_SOURCE_DIR}/estimator/predictor/predictor_c.h"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/decodemeter" COMPONENT predictor)
install(FILES "${PROJECT_SOURCE_DIR}/estimator/predictor/python/decodemeter_predictor.py"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/decodemeter/python" COMPONENT predictor)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/decodemeter")
install(EXPORT decodemeterTargets NAMESPACE decodemeter:: DESTINATION "${package_dir}" COMPONENT predictor)
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/scripts/cmake/decodemeterConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/decodemeterConfig.cmake" INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/decodemeterConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/decodemeterConfig.cmake" "${PROJECT_BINARY_DIR}/decodemeterConfigVersion.cmake"
  DESTINATION "${package_dir}" COMPONENT predictor)
