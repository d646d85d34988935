dnl config.m4: builds the extension with phpize, as PIE does: of raw_wrap.c, which SWIG made (no SWIG here), and an installed
dnl libkeyplate. CMake builds it by itself, and takes none of this.
PHP_ARG_WITH([keyplate], [for keyplate],
  [AS_HELP_STRING([--with-keyplate@<:@=DIR@:>@], [Include keyplate; DIR is where libkeyplate is installed, if pkg-config does not know])])

if test "$PHP_KEYPLATE" != "no"; then
  if test "$PHP_KEYPLATE" != "yes"; then
    for folder in "$PHP_KEYPLATE"/lib/pkgconfig "$PHP_KEYPLATE"/lib/*/pkgconfig; do
      PKG_CONFIG_PATH="$folder:$PKG_CONFIG_PATH"
    done
    export PKG_CONFIG_PATH
  fi
  PKG_CHECK_MODULES([KEYPLATE], [keyplate >= 0.1.0])
  PHP_EVAL_INCLINE([$KEYPLATE_CFLAGS])
  PHP_EVAL_LIBLINE([$KEYPLATE_LIBS], [KEYPLATE_SHARED_LIBADD])
  PHP_SUBST([KEYPLATE_SHARED_LIBADD])
  keyplate_sources="handle.c"
  for source in $ext_srcdir/face/*.c; do
    keyplate_sources="$keyplate_sources face/$(basename $source)"
  done
  PHP_NEW_EXTENSION([keyplate], [$keyplate_sources], [$ext_shared], [],
    [-I@ext_srcdir@ -DZEND_ENABLE_STATIC_TSRMLS_CACHE=1 -fvisibility=hidden])
  PHP_ADD_BUILD_DIR([$ext_builddir/face])
  PHP_ADD_EXTENSION_DEP([keyplate], [json])
  PHP_ADD_EXTENSION_DEP([keyplate], [hash])
  PHP_ADD_EXTENSION_DEP([keyplate], [spl])
fi
