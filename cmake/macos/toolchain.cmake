# CMake toolchain: arm64 macOS from another system, by the tools and libraries that get-compiler and get-libraries left in build/macos.
set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_PROCESSOR arm64)
get_filename_component(macos ${CMAKE_CURRENT_LIST_DIR}/../../build/macos ABSOLUTE)
set(CMAKE_C_COMPILER ${macos}/tools/cc)
set(CMAKE_AR ${macos}/tools/ar CACHE FILEPATH "")
set(CMAKE_RANLIB ${macos}/tools/ranlib CACHE FILEPATH "")
set(CMAKE_INSTALL_NAME_TOOL /bin/true CACHE FILEPATH "") # nothing is installed from here
set(CMAKE_OSX_SYSROOT "" CACHE STRING "")
set(CMAKE_OSX_ARCHITECTURES "" CACHE STRING "")
set(CMAKE_OSX_DEPLOYMENT_TARGET "" CACHE STRING "") # in cc's own target
set(CMAKE_FIND_ROOT_PATH ${macos}/libraries)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
include_directories(SYSTEM ${macos}/libraries/include)
link_directories(${macos}/libraries/lib)
