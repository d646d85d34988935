/* module.c: the extension: registers classes and functions, and ends what lives as long as the process. */
#include "face.h"

#include <ext/json/php_json.h>
#include <ext/standard/info.h>
#include <zend_attributes.h>
#include <zend_interfaces.h>

#include "arginfo.h"

ZEND_FUNCTION(Keyplate_errors) {
    ZEND_PARSE_PARAMETERS_NONE();
    kpp_errors(return_value);
}

ZEND_FUNCTION(Keyplate_hygiene) {
    int code = 0;
    ZEND_PARSE_PARAMETERS_NONE();
    kp_config *config = kpp_local_config(NULL, false, &code);
    kp_client *client = kp_client_new(config);
    if (kpp_has_memory(client))
        kpp_gaps(return_value, client);
    kp_client_free(client);
    kp_config_free(config);
}

static PHP_MINIT_FUNCTION(keyplate) {
    (void)type;
    if (kp_abi() != KP_ABI) {
        zend_error(E_CORE_WARNING, "keyplate: the library has ABI %d, this extension was built for %d", kp_abi(),
                   KP_ABI);
        return FAILURE;
    }
    kpp_globals_minit();
    register_keyplate_symbols(module_number);
    kpp_client_minit(register_class_Keyplate_Client());
    kpp_task_ce = register_class_Keyplate_Task(zend_ce_stringable, php_json_serializable_ce);
    kpp_solution_ce = register_class_Keyplate_Solution(zend_ce_stringable);
    kpp_key_minit(register_class_Keyplate_Key(zend_ce_stringable));
    kpp_redactor_minit(register_class_Keyplate_Redactor());
    kpp_error_minit(register_class_Keyplate_Exception_Exception(zend_ce_throwable));
    return kpp_raw_minit(module_number) ? SUCCESS : FAILURE;
}

static PHP_MSHUTDOWN_FUNCTION(keyplate) {
    (void)type;
    (void)module_number;
    kpp_globals_mshutdown();
    return SUCCESS;
}

static PHP_MINFO_FUNCTION(keyplate) {
    (void)zend_module;
    php_info_print_table_start();
    php_info_print_table_row(2, "keyplate", "enabled");
    php_info_print_table_row(2, "version", kp_version());
    php_info_print_table_end();
}

static const zend_module_dep needs[] = {ZEND_MOD_REQUIRED("json") ZEND_MOD_REQUIRED("hash") ZEND_MOD_REQUIRED("spl")
                                            ZEND_MOD_END};

zend_module_entry keyplate_module_entry = {
    STANDARD_MODULE_HEADER_EX, NULL, needs, "keyplate",          ext_functions, PHP_MINIT(keyplate),
    PHP_MSHUTDOWN(keyplate),   NULL, NULL,  PHP_MINFO(keyplate), KP_VERSION,    STANDARD_MODULE_PROPERTIES};

#ifdef ZTS
ZEND_TSRMLS_CACHE_DEFINE()
#endif
ZEND_GET_MODULE(keyplate)
