# install.cmake: what `cmake --install` puts where: command, libraries, headers, CMake package, pkg-config files.
set(kp_cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/keyplate")
set(kp_pc_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

set(kp_headers core/include/keyplate.h core/include/keyplate_run.h)
install(FILES ${kp_headers} DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")

if(kp_shared_targets)
    install(TARGETS ${kp_shared_targets} EXPORT keyplateShared)
    install(EXPORT keyplateShared NAMESPACE keyplate:: DESTINATION "${kp_cmake_dir}")
endif()
if(KEYPLATE_STATIC)
    install(TARGETS ${kp_static_targets} EXPORT keyplateStatic)
    install(EXPORT keyplateStatic NAMESPACE keyplate:: DESTINATION "${kp_cmake_dir}")
endif()
if(TARGET keyplate_command)
    install(TARGETS keyplate_command)
endif()
if(TARGET keyplate_pages)
    install(FILES "${PROJECT_BINARY_DIR}/keyplate.man" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" RENAME keyplate.1)
    install(FILES "${PROJECT_BINARY_DIR}/keyplate.completion"
            DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" RENAME keyplate)
endif()

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/keyplateConfig.cmake.in" keyplateConfig.cmake
                              INSTALL_DESTINATION "${kp_cmake_dir}")
# Before 1.0 a minor version may break what an earlier one promised.
write_basic_package_version_file(keyplateConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/keyplateConfig.cmake" "${PROJECT_BINARY_DIR}/keyplateConfigVersion.cmake"
        DESTINATION "${kp_cmake_dir}")

# A .pc file finds its prefix from its own place, so that an installed tree can be moved.
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}" OR IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
    set(kp_pc_prefix "${CMAKE_INSTALL_PREFIX}")
    set(kp_pc_libdir "${CMAKE_INSTALL_FULL_LIBDIR}")
    set(kp_pc_includedir "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
else()
    file(RELATIVE_PATH kp_up "/${kp_pc_dir}" "/")
    string(REGEX REPLACE "/$" "" kp_up "${kp_up}")
    set(kp_pc_prefix "\${pcfiledir}/${kp_up}")
    set(kp_pc_libdir "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
    set(kp_pc_includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()

# kp_pc(NAME DESCRIPTION MODULES): the .pc file of lib<NAME>.
function(kp_pc name description requires)
    set(kp_pc_name "${name}")
    set(kp_pc_description "${description}")
    set(kp_pc_requires "${requires}")
    configure_file("${PROJECT_SOURCE_DIR}/core/package/keyplate.pc.in" "${PROJECT_BINARY_DIR}/${name}.pc" @ONLY)
    install(FILES "${PROJECT_BINARY_DIR}/${name}.pc" DESTINATION "${kp_pc_dir}")
endfunction()
kp_pc(keyplate-core "keyplate without a network library: the engine, local keys and stores" "libsodium sqlite3 libcrypto")
if(KEYPLATE_NET)
    kp_pc(keyplate "${PROJECT_DESCRIPTION}" "libsodium sqlite3 libcurl libssl")
endif()
