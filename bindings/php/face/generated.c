/* generated.c: what SWIG made (raw_wrap.c), without its entry point: that of the extension is in module.c. */
#define get_module kpp_raw_get_module
#define SWIGEXPORT static
#include "raw_wrap.c"
