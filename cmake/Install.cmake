# SPDX-License-Identifier: Apache-2.0
# cmake --install: the programs, the library for other programs (find_package(linmo), linmo.pc), models and
# documentation. cpack: the same as Debian packages, "linmo" and, where it was built, "linmo-train".
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS linmo linmo-video RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT linmo)
if(TARGET linmo-train)
  install(TARGETS linmo-train RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT train)
endif()

install(TARGETS linmo-engine EXPORT linmo
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT linmo
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES linmo/embed/linmo.h linmo/embed/linmo_c.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/linmo COMPONENT linmo)
install(FILES linmo/core/exception.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/linmo/core COMPONENT linmo)
set(config ${CMAKE_INSTALL_LIBDIR}/cmake/linmo)
file(WRITE ${CMAKE_BINARY_DIR}/linmo-config.cmake "include(\${CMAKE_CURRENT_LIST_DIR}/linmo-targets.cmake)\n")
write_basic_package_version_file(${CMAKE_BINARY_DIR}/linmo-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/linmo-config.cmake ${CMAKE_BINARY_DIR}/linmo-config-version.cmake
  DESTINATION ${config} COMPONENT linmo)
install(EXPORT linmo NAMESPACE linmo:: FILE linmo-targets.cmake DESTINATION ${config} COMPONENT linmo)
configure_file(cmake/linmo.pc.in ${CMAKE_BINARY_DIR}/linmo.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/linmo.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT linmo)

install(DIRECTORY models/ DESTINATION ${CMAKE_INSTALL_DATADIR}/linmo/models COMPONENT linmo OPTIONAL
  FILES_MATCHING PATTERN "*.safetensors" PATTERN "*.md")
install(DIRECTORY recipes/ DESTINATION ${CMAKE_INSTALL_DATADIR}/linmo/recipes COMPONENT linmo)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT linmo FILES_MATCHING PATTERN "*.md")
install(DIRECTORY examples/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples COMPONENT linmo)
install(FILES CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT linmo)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright COMPONENT linmo)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME linmo)
set(CPACK_PACKAGE_VENDOR "The linmo authors")
set(CPACK_PACKAGE_CONTACT "The linmo authors <linmo@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "learns the style of a folder of pictures and applies it to others")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL linmo)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION graphics)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_LINMO_PACKAGE_NAME linmo)
set(CPACK_DEBIAN_LINMO_PACKAGE_SUGGESTS linmo-train)
if(TARGET linmo-train)
  list(APPEND CPACK_COMPONENTS_ALL train)
  set(CPACK_DEBIAN_TRAIN_PACKAGE_NAME linmo-train)
  # The OpenMP build of OpenBLAS is found by an RPATH, which dpkg-shlibdeps does not follow to a package.
  set(CPACK_DEBIAN_TRAIN_PACKAGE_DEPENDS "linmo (= ${PROJECT_VERSION}), libopenblas0-openmp")
endif()
include(CPack)
