dnl config.m4: builds the extension with phpize, as PIE does, of what `make dist` puts beside it: the face, SWIG's functions
dnl (no SWIG here) and, as src, the core. CMake builds it by itself, and takes none of this.
PHP_ARG_ENABLE([keyplate], [for keyplate], [AS_HELP_STRING([--enable-keyplate], [Include keyplate])])

if test "$PHP_KEYPLATE" != "no"; then
  if test ! -f "$abs_srcdir/raw_wrap.c"; then
    AC_MSG_ERROR([this is not the tarball of keyplate's releases: build that, or make it with "make dist"])
  fi
  PKG_CHECK_MODULES([KEYPLATE], [libcurl >= 7.88 openssl >= 1.1.1 libsodium >= 1.0.18 sqlite3])
  PHP_EVAL_INCLINE([$KEYPLATE_CFLAGS])
  PHP_EVAL_LIBLINE([$KEYPLATE_LIBS], [KEYPLATE_SHARED_LIBADD])
  dnl Another copy of keyplate in this process keeps its own names. libcurl and libsodium keep pointers to our functions
  dnl for the life of the process.
  KEYPLATE_SHARED_LIBADD="$KEYPLATE_SHARED_LIBADD -pthread -export-symbols-regex get_module -Wl,-z,nodelete -Wl,-z,relro -Wl,-z,now"
  PHP_SUBST([KEYPLATE_SHARED_LIBADD])
  keyplate_sources=
  for source in $(cd "$abs_srcdir" && echo handle.c face/*.c src/*/*.c); do
    keyplate_sources="$keyplate_sources $source"
  done
  PHP_NEW_EXTENSION([keyplate], [$keyplate_sources], [$ext_shared], [],
    [-I@ext_srcdir@ -I@ext_srcdir@/src -I@ext_srcdir@/src/include -D_GNU_SOURCE -DZEND_ENABLE_STATIC_TSRMLS_CACHE=1 -fvisibility=hidden -fstack-protector-strong -pthread])
  for folder in $(cd "$abs_srcdir" && echo face src/*); do
    PHP_ADD_BUILD_DIR([$ext_builddir/$folder])
  done
  PHP_ADD_EXTENSION_DEP([keyplate], [json])
  PHP_ADD_EXTENSION_DEP([keyplate], [hash])
  PHP_ADD_EXTENSION_DEP([keyplate], [spl])
fi
