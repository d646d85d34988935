/* This is a generated file, edit the .stub.php file instead.
 * Stub hash: 642457c3f9bd4022dfa93355701dc7a555bdd884 */

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_Keyplate_redact, 0, 1, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, text, IS_STRING, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_Keyplate_errors, 0, 0, IS_ARRAY, 0)
ZEND_END_ARG_INFO()

#define arginfo_Keyplate_hygiene arginfo_Keyplate_errors

ZEND_BEGIN_ARG_INFO_EX(arginfo_class_Keyplate_Client___construct, 0, 0, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, provider, IS_STRING, 1, "null")
	ZEND_ARG_OBJ_TYPE_MASK(0, key, Keyplate\\Key|Closure, MAY_BE_ARRAY|MAY_BE_STRING|MAY_BE_NULL, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, keys, IS_ARRAY, 1, "null")
	ZEND_ARG_TYPE_MASK(0, config, MAY_BE_STRING|MAY_BE_BOOL|MAY_BE_NULL, "null")
	ZEND_ARG_OBJ_TYPE_MASK(0, log, Closure|Psr\\Log\\LoggerInterface, MAY_BE_NULL, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, options, IS_ARRAY, 0, "[]")
	ZEND_ARG_VARIADIC_TYPE_INFO(0, more, IS_MIXED, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Keyplate_Client_shared, 0, 0, IS_STATIC, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, provider, IS_STRING, 1, "null")
	ZEND_ARG_OBJ_TYPE_MASK(0, key, Keyplate\\Key|Closure, MAY_BE_ARRAY|MAY_BE_STRING|MAY_BE_NULL, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, keys, IS_ARRAY, 1, "null")
	ZEND_ARG_TYPE_MASK(0, config, MAY_BE_STRING|MAY_BE_BOOL|MAY_BE_NULL, "null")
	ZEND_ARG_OBJ_TYPE_MASK(0, log, Closure|Psr\\Log\\LoggerInterface, MAY_BE_NULL, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, options, IS_ARRAY, 0, "[]")
	ZEND_ARG_VARIADIC_TYPE_INFO(0, more, IS_MIXED, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Keyplate_Client_balance, 0, 0, IS_STRING, 0)
	ZEND_ARG_TYPE_MASK(0, timeout, MAY_BE_LONG|MAY_BE_DOUBLE|MAY_BE_NULL, "null")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Keyplate_Client_verify, 0, 0, IS_STRING, 0)
	ZEND_ARG_TYPE_MASK(0, timeout, MAY_BE_LONG|MAY_BE_DOUBLE|MAY_BE_NULL, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, now, _IS_BOOL, 0, "false")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Keyplate_Client_rotate, 0, 0, IS_ARRAY, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, name, IS_STRING, 1, "null")
	ZEND_ARG_TYPE_MASK(0, timeout, MAY_BE_LONG|MAY_BE_DOUBLE|MAY_BE_NULL, "null")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_OBJ_INFO_EX(arginfo_class_Keyplate_Client_submit, 0, 1, Keyplate\\Task, 0)
	ZEND_ARG_TYPE_INFO(0, method, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, params, IS_ARRAY, 0, "[]")
	ZEND_ARG_TYPE_MASK(0, timeout, MAY_BE_LONG|MAY_BE_DOUBLE|MAY_BE_NULL, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, sync, _IS_BOOL, 0, "false")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, clientId, IS_STRING, 1, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, tags, IS_ARRAY, 0, "[]")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_OBJ_INFO_EX(arginfo_class_Keyplate_Client_solve, 0, 1, Keyplate\\Solution, 0)
	ZEND_ARG_TYPE_INFO(0, method, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, params, IS_ARRAY, 0, "[]")
	ZEND_ARG_TYPE_MASK(0, timeout, MAY_BE_LONG|MAY_BE_DOUBLE|MAY_BE_NULL, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, sync, _IS_BOOL, 0, "false")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, clientId, IS_STRING, 1, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, tags, IS_ARRAY, 0, "[]")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_OBJ_INFO_EX(arginfo_class_Keyplate_Client_result, 0, 1, Keyplate\\Solution, 1)
	ZEND_ARG_OBJ_TYPE_MASK(0, task, Keyplate\\Task, MAY_BE_STRING, NULL)
	ZEND_ARG_TYPE_MASK(0, timeout, MAY_BE_LONG|MAY_BE_DOUBLE|MAY_BE_NULL, "null")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_OBJ_INFO_EX(arginfo_class_Keyplate_Client_wait, 0, 1, Keyplate\\Solution, 0)
	ZEND_ARG_OBJ_TYPE_MASK(0, task, Keyplate\\Task, MAY_BE_STRING, NULL)
	ZEND_ARG_TYPE_MASK(0, timeout, MAY_BE_LONG|MAY_BE_DOUBLE|MAY_BE_NULL, "null")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Keyplate_Client_report, 0, 2, IS_VOID, 0)
	ZEND_ARG_OBJ_TYPE_MASK(0, task, Keyplate\\Task, MAY_BE_STRING, NULL)
	ZEND_ARG_TYPE_INFO(0, good, _IS_BOOL, 0)
	ZEND_ARG_TYPE_MASK(0, timeout, MAY_BE_LONG|MAY_BE_DOUBLE|MAY_BE_NULL, "null")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Keyplate_Client_keys, 0, 0, IS_ARRAY, 0)
	ZEND_ARG_TYPE_MASK(0, timeout, MAY_BE_LONG|MAY_BE_DOUBLE|MAY_BE_NULL, "null")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Keyplate_Client_limits, 0, 0, IS_ARRAY, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, clientId, IS_STRING, 1, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, method, IS_STRING, 1, "null")
	ZEND_ARG_TYPE_MASK(0, timeout, MAY_BE_LONG|MAY_BE_DOUBLE|MAY_BE_NULL, "null")
ZEND_END_ARG_INFO()

#define arginfo_class_Keyplate_Client_metrics arginfo_class_Keyplate_Client_balance

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Keyplate_Client_pause, 0, 0, IS_VOID, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, reason, IS_STRING, 1, "null")
	ZEND_ARG_TYPE_MASK(0, duration, MAY_BE_LONG|MAY_BE_DOUBLE|MAY_BE_NULL, "null")
	ZEND_ARG_TYPE_MASK(0, timeout, MAY_BE_LONG|MAY_BE_DOUBLE|MAY_BE_NULL, "null")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Keyplate_Client_resume, 0, 0, IS_VOID, 0)
	ZEND_ARG_TYPE_MASK(0, timeout, MAY_BE_LONG|MAY_BE_DOUBLE|MAY_BE_NULL, "null")
ZEND_END_ARG_INFO()

#define arginfo_class_Keyplate_Client_hygiene arginfo_Keyplate_errors

#define arginfo_class_Keyplate_Client_events arginfo_Keyplate_errors

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Keyplate_Client_option, 0, 1, IS_STRING, 1)
	ZEND_ARG_TYPE_INFO(0, name, IS_STRING, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Keyplate_Client_close, 0, 0, IS_VOID, 0)
ZEND_END_ARG_INFO()

#define arginfo_class_Keyplate_Client___debugInfo arginfo_Keyplate_errors

ZEND_BEGIN_ARG_INFO_EX(arginfo_class_Keyplate_Task___construct, 0, 0, 1)
	ZEND_ARG_TYPE_INFO(0, reference, IS_STRING, 0)
	ZEND_ARG_OBJ_INFO_WITH_DEFAULT_VALUE(0, solution, Keyplate\\Solution, 1, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, costUsd, IS_STRING, 1, "null")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Keyplate_Task___toString, 0, 0, IS_STRING, 0)
ZEND_END_ARG_INFO()

#define arginfo_class_Keyplate_Task_jsonSerialize arginfo_class_Keyplate_Task___toString

ZEND_BEGIN_ARG_INFO_EX(arginfo_class_Keyplate_Solution___construct, 0, 0, 1)
	ZEND_ARG_TYPE_INFO(0, answer, IS_STRING, 0)
	ZEND_ARG_OBJ_INFO_WITH_DEFAULT_VALUE(0, task, Keyplate\\Task, 1, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, provider, IS_STRING, 0, "\"\"")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, key, IS_STRING, 0, "\"\"")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, elapsed, IS_DOUBLE, 0, "0.0")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, polls, IS_LONG, 0, "0")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, costUsd, IS_STRING, 1, "null")
ZEND_END_ARG_INFO()

#define arginfo_class_Keyplate_Solution___toString arginfo_class_Keyplate_Task___toString

ZEND_BEGIN_ARG_INFO_EX(arginfo_class_Keyplate_Key___construct, 0, 0, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_OBJ_INFO_EX(arginfo_class_Keyplate_Key_fromValue, 0, 1, Keyplate\\Key, 0)
	ZEND_ARG_TYPE_INFO(0, value, IS_STRING, 0)
ZEND_END_ARG_INFO()

#define arginfo_class_Keyplate_Key___toString arginfo_class_Keyplate_Task___toString

#define arginfo_class_Keyplate_Key___debugInfo arginfo_Keyplate_errors

ZEND_BEGIN_ARG_INFO_EX(arginfo_class_Keyplate_Redactor___construct, 0, 0, 0)
	ZEND_ARG_OBJ_INFO_WITH_DEFAULT_VALUE(0, client, Keyplate\\Client, 1, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, bareHex, IS_STRING, 1, "null")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Keyplate_Redactor_feed, 0, 1, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, part, IS_STRING, 0)
ZEND_END_ARG_INFO()

#define arginfo_class_Keyplate_Redactor_close arginfo_class_Keyplate_Task___toString

#define arginfo_class_Keyplate_Exception_Exception_getErrorCode arginfo_class_Keyplate_Task___toString

#define arginfo_class_Keyplate_Exception_Exception_getErrorClass arginfo_class_Keyplate_Task___toString

#define arginfo_class_Keyplate_Exception_Exception_getText arginfo_class_Keyplate_Task___toString

#define arginfo_class_Keyplate_Exception_Exception_getAdvice arginfo_class_Keyplate_Task___toString

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Keyplate_Exception_Exception_getRetryAfter, 0, 0, IS_DOUBLE, 1)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_OBJ_INFO_EX(arginfo_class_Keyplate_Exception_Exception_getTask, 0, 0, Keyplate\\Task, 1)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Keyplate_Exception_Exception_isOutcomeUnknown, 0, 0, _IS_BOOL, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Keyplate_Exception_Exception_getProviderCode, 0, 0, IS_STRING, 1)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Keyplate_Exception_Exception_getHttpStatus, 0, 0, IS_LONG, 1)
ZEND_END_ARG_INFO()

#define arginfo_class_Keyplate_Exception_Exception_getLimit arginfo_class_Keyplate_Exception_Exception_getProviderCode

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_MASK_EX(arginfo_class_Keyplate_Exception_Exception_getLeft, 0, 0, MAY_BE_LONG|MAY_BE_STRING|MAY_BE_NULL)
ZEND_END_ARG_INFO()


ZEND_FUNCTION(Keyplate_redact);
ZEND_FUNCTION(Keyplate_errors);
ZEND_FUNCTION(Keyplate_hygiene);
ZEND_METHOD(Keyplate_Client, __construct);
ZEND_METHOD(Keyplate_Client, shared);
ZEND_METHOD(Keyplate_Client, balance);
ZEND_METHOD(Keyplate_Client, verify);
ZEND_METHOD(Keyplate_Client, rotate);
ZEND_METHOD(Keyplate_Client, submit);
ZEND_METHOD(Keyplate_Client, solve);
ZEND_METHOD(Keyplate_Client, result);
ZEND_METHOD(Keyplate_Client, wait);
ZEND_METHOD(Keyplate_Client, report);
ZEND_METHOD(Keyplate_Client, keys);
ZEND_METHOD(Keyplate_Client, limits);
ZEND_METHOD(Keyplate_Client, metrics);
ZEND_METHOD(Keyplate_Client, pause);
ZEND_METHOD(Keyplate_Client, resume);
ZEND_METHOD(Keyplate_Client, hygiene);
ZEND_METHOD(Keyplate_Client, events);
ZEND_METHOD(Keyplate_Client, option);
ZEND_METHOD(Keyplate_Client, close);
ZEND_METHOD(Keyplate_Client, __debugInfo);
ZEND_METHOD(Keyplate_Task, __construct);
ZEND_METHOD(Keyplate_Task, __toString);
ZEND_METHOD(Keyplate_Task, jsonSerialize);
ZEND_METHOD(Keyplate_Solution, __construct);
ZEND_METHOD(Keyplate_Solution, __toString);
ZEND_METHOD(Keyplate_Key, __construct);
ZEND_METHOD(Keyplate_Key, fromValue);
ZEND_METHOD(Keyplate_Key, __toString);
ZEND_METHOD(Keyplate_Key, __debugInfo);
ZEND_METHOD(Keyplate_Redactor, __construct);
ZEND_METHOD(Keyplate_Redactor, feed);
ZEND_METHOD(Keyplate_Redactor, close);


static const zend_function_entry ext_functions[] = {
	ZEND_NS_FALIAS("Keyplate", redact, Keyplate_redact, arginfo_Keyplate_redact)
	ZEND_NS_FALIAS("Keyplate", errors, Keyplate_errors, arginfo_Keyplate_errors)
	ZEND_NS_FALIAS("Keyplate", hygiene, Keyplate_hygiene, arginfo_Keyplate_hygiene)
	ZEND_FE_END
};


static const zend_function_entry class_Keyplate_Client_methods[] = {
	ZEND_ME(Keyplate_Client, __construct, arginfo_class_Keyplate_Client___construct, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Client, shared, arginfo_class_Keyplate_Client_shared, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME(Keyplate_Client, balance, arginfo_class_Keyplate_Client_balance, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Client, verify, arginfo_class_Keyplate_Client_verify, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Client, rotate, arginfo_class_Keyplate_Client_rotate, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Client, submit, arginfo_class_Keyplate_Client_submit, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Client, solve, arginfo_class_Keyplate_Client_solve, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Client, result, arginfo_class_Keyplate_Client_result, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Client, wait, arginfo_class_Keyplate_Client_wait, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Client, report, arginfo_class_Keyplate_Client_report, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Client, keys, arginfo_class_Keyplate_Client_keys, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Client, limits, arginfo_class_Keyplate_Client_limits, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Client, metrics, arginfo_class_Keyplate_Client_metrics, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Client, pause, arginfo_class_Keyplate_Client_pause, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Client, resume, arginfo_class_Keyplate_Client_resume, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Client, hygiene, arginfo_class_Keyplate_Client_hygiene, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Client, events, arginfo_class_Keyplate_Client_events, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Client, option, arginfo_class_Keyplate_Client_option, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Client, close, arginfo_class_Keyplate_Client_close, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Client, __debugInfo, arginfo_class_Keyplate_Client___debugInfo, ZEND_ACC_PUBLIC)
	ZEND_FE_END
};


static const zend_function_entry class_Keyplate_Task_methods[] = {
	ZEND_ME(Keyplate_Task, __construct, arginfo_class_Keyplate_Task___construct, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Task, __toString, arginfo_class_Keyplate_Task___toString, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Task, jsonSerialize, arginfo_class_Keyplate_Task_jsonSerialize, ZEND_ACC_PUBLIC)
	ZEND_FE_END
};


static const zend_function_entry class_Keyplate_Solution_methods[] = {
	ZEND_ME(Keyplate_Solution, __construct, arginfo_class_Keyplate_Solution___construct, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Solution, __toString, arginfo_class_Keyplate_Solution___toString, ZEND_ACC_PUBLIC)
	ZEND_FE_END
};


static const zend_function_entry class_Keyplate_Key_methods[] = {
	ZEND_ME(Keyplate_Key, __construct, arginfo_class_Keyplate_Key___construct, ZEND_ACC_PRIVATE)
	ZEND_ME(Keyplate_Key, fromValue, arginfo_class_Keyplate_Key_fromValue, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME(Keyplate_Key, __toString, arginfo_class_Keyplate_Key___toString, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Key, __debugInfo, arginfo_class_Keyplate_Key___debugInfo, ZEND_ACC_PUBLIC)
	ZEND_FE_END
};


static const zend_function_entry class_Keyplate_Redactor_methods[] = {
	ZEND_ME(Keyplate_Redactor, __construct, arginfo_class_Keyplate_Redactor___construct, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Redactor, feed, arginfo_class_Keyplate_Redactor_feed, ZEND_ACC_PUBLIC)
	ZEND_ME(Keyplate_Redactor, close, arginfo_class_Keyplate_Redactor_close, ZEND_ACC_PUBLIC)
	ZEND_FE_END
};


static const zend_function_entry class_Keyplate_Exception_Exception_methods[] = {
	ZEND_ABSTRACT_ME_WITH_FLAGS(Keyplate_Exception_Exception, getErrorCode, arginfo_class_Keyplate_Exception_Exception_getErrorCode, ZEND_ACC_PUBLIC|ZEND_ACC_ABSTRACT)
	ZEND_ABSTRACT_ME_WITH_FLAGS(Keyplate_Exception_Exception, getErrorClass, arginfo_class_Keyplate_Exception_Exception_getErrorClass, ZEND_ACC_PUBLIC|ZEND_ACC_ABSTRACT)
	ZEND_ABSTRACT_ME_WITH_FLAGS(Keyplate_Exception_Exception, getText, arginfo_class_Keyplate_Exception_Exception_getText, ZEND_ACC_PUBLIC|ZEND_ACC_ABSTRACT)
	ZEND_ABSTRACT_ME_WITH_FLAGS(Keyplate_Exception_Exception, getAdvice, arginfo_class_Keyplate_Exception_Exception_getAdvice, ZEND_ACC_PUBLIC|ZEND_ACC_ABSTRACT)
	ZEND_ABSTRACT_ME_WITH_FLAGS(Keyplate_Exception_Exception, getRetryAfter, arginfo_class_Keyplate_Exception_Exception_getRetryAfter, ZEND_ACC_PUBLIC|ZEND_ACC_ABSTRACT)
	ZEND_ABSTRACT_ME_WITH_FLAGS(Keyplate_Exception_Exception, getTask, arginfo_class_Keyplate_Exception_Exception_getTask, ZEND_ACC_PUBLIC|ZEND_ACC_ABSTRACT)
	ZEND_ABSTRACT_ME_WITH_FLAGS(Keyplate_Exception_Exception, isOutcomeUnknown, arginfo_class_Keyplate_Exception_Exception_isOutcomeUnknown, ZEND_ACC_PUBLIC|ZEND_ACC_ABSTRACT)
	ZEND_ABSTRACT_ME_WITH_FLAGS(Keyplate_Exception_Exception, getProviderCode, arginfo_class_Keyplate_Exception_Exception_getProviderCode, ZEND_ACC_PUBLIC|ZEND_ACC_ABSTRACT)
	ZEND_ABSTRACT_ME_WITH_FLAGS(Keyplate_Exception_Exception, getHttpStatus, arginfo_class_Keyplate_Exception_Exception_getHttpStatus, ZEND_ACC_PUBLIC|ZEND_ACC_ABSTRACT)
	ZEND_ABSTRACT_ME_WITH_FLAGS(Keyplate_Exception_Exception, getLimit, arginfo_class_Keyplate_Exception_Exception_getLimit, ZEND_ACC_PUBLIC|ZEND_ACC_ABSTRACT)
	ZEND_ABSTRACT_ME_WITH_FLAGS(Keyplate_Exception_Exception, getLeft, arginfo_class_Keyplate_Exception_Exception_getLeft, ZEND_ACC_PUBLIC|ZEND_ACC_ABSTRACT)
	ZEND_FE_END
};

static void register_keyplate_symbols(int module_number)
{

#if (PHP_VERSION_ID >= 80200)
	zend_add_parameter_attribute(zend_hash_str_find_ptr(CG(function_table), "keyplate\\redact", sizeof("keyplate\\redact") - 1), 0, ZSTR_KNOWN(ZEND_STR_SENSITIVEPARAMETER), 0);
#endif
}

static zend_class_entry *register_class_Keyplate_Client(void)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Keyplate", "Client", class_Keyplate_Client_methods);
	class_entry = zend_register_internal_class_ex(&ce, NULL);
	class_entry->ce_flags |= ZEND_ACC_NO_DYNAMIC_PROPERTIES|ZEND_ACC_NOT_SERIALIZABLE;
#if (PHP_VERSION_ID >= 80200)


	zend_add_parameter_attribute(zend_hash_str_find_ptr(&class_entry->function_table, "__construct", sizeof("__construct") - 1), 1, ZSTR_KNOWN(ZEND_STR_SENSITIVEPARAMETER), 0);

	zend_add_parameter_attribute(zend_hash_str_find_ptr(&class_entry->function_table, "__construct", sizeof("__construct") - 1), 2, ZSTR_KNOWN(ZEND_STR_SENSITIVEPARAMETER), 0);

	zend_add_parameter_attribute(zend_hash_str_find_ptr(&class_entry->function_table, "__construct", sizeof("__construct") - 1), 5, ZSTR_KNOWN(ZEND_STR_SENSITIVEPARAMETER), 0);

	zend_add_parameter_attribute(zend_hash_str_find_ptr(&class_entry->function_table, "__construct", sizeof("__construct") - 1), 6, ZSTR_KNOWN(ZEND_STR_SENSITIVEPARAMETER), 0);

	zend_add_parameter_attribute(zend_hash_str_find_ptr(&class_entry->function_table, "shared", sizeof("shared") - 1), 1, ZSTR_KNOWN(ZEND_STR_SENSITIVEPARAMETER), 0);

	zend_add_parameter_attribute(zend_hash_str_find_ptr(&class_entry->function_table, "shared", sizeof("shared") - 1), 2, ZSTR_KNOWN(ZEND_STR_SENSITIVEPARAMETER), 0);

	zend_add_parameter_attribute(zend_hash_str_find_ptr(&class_entry->function_table, "shared", sizeof("shared") - 1), 5, ZSTR_KNOWN(ZEND_STR_SENSITIVEPARAMETER), 0);

	zend_add_parameter_attribute(zend_hash_str_find_ptr(&class_entry->function_table, "shared", sizeof("shared") - 1), 6, ZSTR_KNOWN(ZEND_STR_SENSITIVEPARAMETER), 0);

	zend_add_parameter_attribute(zend_hash_str_find_ptr(&class_entry->function_table, "submit", sizeof("submit") - 1), 1, ZSTR_KNOWN(ZEND_STR_SENSITIVEPARAMETER), 0);

	zend_add_parameter_attribute(zend_hash_str_find_ptr(&class_entry->function_table, "submit", sizeof("submit") - 1), 5, ZSTR_KNOWN(ZEND_STR_SENSITIVEPARAMETER), 0);

	zend_add_parameter_attribute(zend_hash_str_find_ptr(&class_entry->function_table, "solve", sizeof("solve") - 1), 1, ZSTR_KNOWN(ZEND_STR_SENSITIVEPARAMETER), 0);

	zend_add_parameter_attribute(zend_hash_str_find_ptr(&class_entry->function_table, "solve", sizeof("solve") - 1), 5, ZSTR_KNOWN(ZEND_STR_SENSITIVEPARAMETER), 0);
#endif

	return class_entry;
}

static zend_class_entry *register_class_Keyplate_Task(zend_class_entry *class_entry_Stringable, zend_class_entry *class_entry_JsonSerializable)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Keyplate", "Task", class_Keyplate_Task_methods);
	class_entry = zend_register_internal_class_ex(&ce, NULL);
	class_entry->ce_flags |= ZEND_ACC_FINAL;
	zend_class_implements(class_entry, 2, class_entry_Stringable, class_entry_JsonSerializable);

	zval property_reference_default_value;
	ZVAL_UNDEF(&property_reference_default_value);
	zend_string *property_reference_name = zend_string_init("reference", sizeof("reference") - 1, 1);
	zend_declare_typed_property(class_entry, property_reference_name, &property_reference_default_value, ZEND_ACC_PUBLIC|ZEND_ACC_READONLY, NULL, (zend_type) ZEND_TYPE_INIT_MASK(MAY_BE_STRING));
	zend_string_release(property_reference_name);

	zval property_provider_default_value;
	ZVAL_UNDEF(&property_provider_default_value);
	zend_string *property_provider_name = zend_string_init("provider", sizeof("provider") - 1, 1);
	zend_declare_typed_property(class_entry, property_provider_name, &property_provider_default_value, ZEND_ACC_PUBLIC|ZEND_ACC_READONLY, NULL, (zend_type) ZEND_TYPE_INIT_MASK(MAY_BE_STRING));
	zend_string_release(property_provider_name);

	zval property_key_default_value;
	ZVAL_UNDEF(&property_key_default_value);
	zend_string *property_key_name = zend_string_init("key", sizeof("key") - 1, 1);
	zend_declare_typed_property(class_entry, property_key_name, &property_key_default_value, ZEND_ACC_PUBLIC|ZEND_ACC_READONLY, NULL, (zend_type) ZEND_TYPE_INIT_MASK(MAY_BE_STRING));
	zend_string_release(property_key_name);

	zval property_id_default_value;
	ZVAL_UNDEF(&property_id_default_value);
	zend_string *property_id_name = zend_string_init("id", sizeof("id") - 1, 1);
	zend_declare_typed_property(class_entry, property_id_name, &property_id_default_value, ZEND_ACC_PUBLIC|ZEND_ACC_READONLY, NULL, (zend_type) ZEND_TYPE_INIT_MASK(MAY_BE_STRING));
	zend_string_release(property_id_name);

	zend_string *property_solution_class_Keyplate_Solution = zend_string_init("Keyplate\\Solution", sizeof("Keyplate\\Solution")-1, 1);
	zval property_solution_default_value;
	ZVAL_UNDEF(&property_solution_default_value);
	zend_string *property_solution_name = zend_string_init("solution", sizeof("solution") - 1, 1);
	zend_declare_typed_property(class_entry, property_solution_name, &property_solution_default_value, ZEND_ACC_PUBLIC|ZEND_ACC_READONLY, NULL, (zend_type) ZEND_TYPE_INIT_CLASS(property_solution_class_Keyplate_Solution, 0, MAY_BE_NULL));
	zend_string_release(property_solution_name);

	zval property_costUsd_default_value;
	ZVAL_UNDEF(&property_costUsd_default_value);
	zend_string *property_costUsd_name = zend_string_init("costUsd", sizeof("costUsd") - 1, 1);
	zend_declare_typed_property(class_entry, property_costUsd_name, &property_costUsd_default_value, ZEND_ACC_PUBLIC|ZEND_ACC_READONLY, NULL, (zend_type) ZEND_TYPE_INIT_MASK(MAY_BE_STRING|MAY_BE_NULL));
	zend_string_release(property_costUsd_name);

	return class_entry;
}

static zend_class_entry *register_class_Keyplate_Solution(zend_class_entry *class_entry_Stringable)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Keyplate", "Solution", class_Keyplate_Solution_methods);
	class_entry = zend_register_internal_class_ex(&ce, NULL);
	class_entry->ce_flags |= ZEND_ACC_FINAL;
	zend_class_implements(class_entry, 1, class_entry_Stringable);

	zval property_answer_default_value;
	ZVAL_UNDEF(&property_answer_default_value);
	zend_string *property_answer_name = zend_string_init("answer", sizeof("answer") - 1, 1);
	zend_declare_typed_property(class_entry, property_answer_name, &property_answer_default_value, ZEND_ACC_PUBLIC|ZEND_ACC_READONLY, NULL, (zend_type) ZEND_TYPE_INIT_MASK(MAY_BE_STRING));
	zend_string_release(property_answer_name);

	zend_string *property_task_class_Keyplate_Task = zend_string_init("Keyplate\\Task", sizeof("Keyplate\\Task")-1, 1);
	zval property_task_default_value;
	ZVAL_UNDEF(&property_task_default_value);
	zend_string *property_task_name = zend_string_init("task", sizeof("task") - 1, 1);
	zend_declare_typed_property(class_entry, property_task_name, &property_task_default_value, ZEND_ACC_PUBLIC|ZEND_ACC_READONLY, NULL, (zend_type) ZEND_TYPE_INIT_CLASS(property_task_class_Keyplate_Task, 0, MAY_BE_NULL));
	zend_string_release(property_task_name);

	zval property_provider_default_value;
	ZVAL_UNDEF(&property_provider_default_value);
	zend_string *property_provider_name = zend_string_init("provider", sizeof("provider") - 1, 1);
	zend_declare_typed_property(class_entry, property_provider_name, &property_provider_default_value, ZEND_ACC_PUBLIC|ZEND_ACC_READONLY, NULL, (zend_type) ZEND_TYPE_INIT_MASK(MAY_BE_STRING));
	zend_string_release(property_provider_name);

	zval property_key_default_value;
	ZVAL_UNDEF(&property_key_default_value);
	zend_string *property_key_name = zend_string_init("key", sizeof("key") - 1, 1);
	zend_declare_typed_property(class_entry, property_key_name, &property_key_default_value, ZEND_ACC_PUBLIC|ZEND_ACC_READONLY, NULL, (zend_type) ZEND_TYPE_INIT_MASK(MAY_BE_STRING));
	zend_string_release(property_key_name);

	zval property_elapsed_default_value;
	ZVAL_UNDEF(&property_elapsed_default_value);
	zend_string *property_elapsed_name = zend_string_init("elapsed", sizeof("elapsed") - 1, 1);
	zend_declare_typed_property(class_entry, property_elapsed_name, &property_elapsed_default_value, ZEND_ACC_PUBLIC|ZEND_ACC_READONLY, NULL, (zend_type) ZEND_TYPE_INIT_MASK(MAY_BE_DOUBLE));
	zend_string_release(property_elapsed_name);

	zval property_polls_default_value;
	ZVAL_UNDEF(&property_polls_default_value);
	zend_string *property_polls_name = zend_string_init("polls", sizeof("polls") - 1, 1);
	zend_declare_typed_property(class_entry, property_polls_name, &property_polls_default_value, ZEND_ACC_PUBLIC|ZEND_ACC_READONLY, NULL, (zend_type) ZEND_TYPE_INIT_MASK(MAY_BE_LONG));
	zend_string_release(property_polls_name);

	zval property_costUsd_default_value;
	ZVAL_UNDEF(&property_costUsd_default_value);
	zend_string *property_costUsd_name = zend_string_init("costUsd", sizeof("costUsd") - 1, 1);
	zend_declare_typed_property(class_entry, property_costUsd_name, &property_costUsd_default_value, ZEND_ACC_PUBLIC|ZEND_ACC_READONLY, NULL, (zend_type) ZEND_TYPE_INIT_MASK(MAY_BE_STRING|MAY_BE_NULL));
	zend_string_release(property_costUsd_name);

	return class_entry;
}

static zend_class_entry *register_class_Keyplate_Key(zend_class_entry *class_entry_Stringable)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Keyplate", "Key", class_Keyplate_Key_methods);
	class_entry = zend_register_internal_class_ex(&ce, NULL);
	class_entry->ce_flags |= ZEND_ACC_FINAL|ZEND_ACC_NO_DYNAMIC_PROPERTIES|ZEND_ACC_NOT_SERIALIZABLE;
	zend_class_implements(class_entry, 1, class_entry_Stringable);
#if (PHP_VERSION_ID >= 80200)


	zend_add_parameter_attribute(zend_hash_str_find_ptr(&class_entry->function_table, "fromvalue", sizeof("fromvalue") - 1), 0, ZSTR_KNOWN(ZEND_STR_SENSITIVEPARAMETER), 0);
#endif

	return class_entry;
}

static zend_class_entry *register_class_Keyplate_Redactor(void)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Keyplate", "Redactor", class_Keyplate_Redactor_methods);
	class_entry = zend_register_internal_class_ex(&ce, NULL);
	class_entry->ce_flags |= ZEND_ACC_FINAL|ZEND_ACC_NO_DYNAMIC_PROPERTIES|ZEND_ACC_NOT_SERIALIZABLE;
#if (PHP_VERSION_ID >= 80200)


	zend_add_parameter_attribute(zend_hash_str_find_ptr(&class_entry->function_table, "feed", sizeof("feed") - 1), 0, ZSTR_KNOWN(ZEND_STR_SENSITIVEPARAMETER), 0);
#endif

	return class_entry;
}

static zend_class_entry *register_class_Keyplate_Exception_Exception(zend_class_entry *class_entry_Throwable)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Keyplate\\Exception", "Exception", class_Keyplate_Exception_Exception_methods);
	class_entry = zend_register_internal_interface(&ce);
	zend_class_implements(class_entry, 1, class_entry_Throwable);

	return class_entry;
}
