/* error_list.h: every error, once. Texts, classes, advice, retries, exceptions and documentation come from here.
 *
 * X(number, symbol, origin, wire number, name, class, taken, first retry ms, longest retry ms, text, advice)
 *
 * Numbers are part of the ABI: never reuse one. Own codes 1-199, CaptchaAI 200-399, NoCaptchaAI 400-599. The services'
 * rows follow their public API pages (error codes of in.php/res.php; "code" and "msg" of NoCaptchaAI).
 * No include guard: it is included once for each thing that is made of it.
 */
/* clang-format off */
/* usage */
X(1, KP_E_MISUSE, KP_OWN, 0, "misuse", KP_CLASS_USAGE, KP_NOT_TAKEN, 0, 0, "a function was called in a way that it does not allow", "Correct the calling program; the message says which call.")
X(2, KP_E_CONFIG, KP_OWN, 0, "bad_config", KP_CLASS_USAGE, KP_NOT_TAKEN, 0, 0, "the configuration is not valid", "Correct the option that the message names; 'keyplate help config' lists them all.")
X(3, KP_E_REFERENCE, KP_OWN, 0, "bad_reference", KP_CLASS_USAGE, KP_NOT_TAKEN, 0, 0, "this is no reference to a key", "Say where the key is, such as env:NAME or file:PATH; a key itself is never given as text.")
X(4, KP_E_COMMAND, KP_OWN, 0, "bad_command", KP_CLASS_USAGE, KP_NOT_TAKEN, 0, 0, "the command line is not right", "'keyplate help' lists commands and options.")
X(108, KP_E_KEY_IN_USE, KP_OWN, 0, "key_in_use", KP_CLASS_LIMIT, KP_NOT_TAKEN, 0, 0, "this value of a key is or was just in use, so it is not revoked", "Wait until nobody has used it for a day, or revoke it all the same with --force; whatever still uses it then fails.")
/* input */
X(10, KP_E_MISSING, KP_OWN, 0, "missing_parameter", KP_CLASS_INPUT, KP_NOT_TAKEN, 0, 0, "a parameter that the method requires is missing", "Add the parameter that the message names.")
X(11, KP_E_PARAMETER, KP_OWN, 0, "bad_parameter", KP_CLASS_INPUT, KP_NOT_TAKEN, 0, 0, "a parameter has a value that cannot be right", "Correct the parameter that the message names; nothing was sent.")
X(12, KP_E_RESERVED, KP_OWN, 0, "reserved_parameter", KP_CLASS_INPUT, KP_NOT_TAKEN, 0, 0, "this parameter is set by keyplate itself", "Leave it out.")
X(13, KP_E_METHOD, KP_OWN, 0, "bad_method", KP_CLASS_INPUT, KP_NOT_TAKEN, 0, 0, "there is no such method", "Check the spelling; the message names the nearest one.")
X(14, KP_E_TASK_REFERENCE, KP_OWN, 0, "bad_task", KP_CLASS_INPUT, KP_NOT_TAKEN, 0, 0, "this is no reference to a task", "Give what submit printed (captchaai/primary~1a2b3c4d/123) or the service's id.")
X(15, KP_E_TOO_BIG, KP_OWN, 0, "too_big", KP_CLASS_INPUT, KP_NOT_TAKEN, 0, 0, "the parameters are larger than the services accept", "Send a smaller image; 1 MiB after decoding is the limit.")
/* key */
X(30, KP_E_NO_KEY, KP_OWN, 0, "no_key", KP_CLASS_KEY, KP_NOT_TAKEN, 0, 0, "no API key was found", "Set one with 'keyplate keys set', or see 'keyplate keys explain' for the places that were looked at.")
X(31, KP_E_BAD_KEY, KP_OWN, 0, "bad_key", KP_CLASS_KEY, KP_NOT_TAKEN, 0, 0, "what was found is not a key", "Correct the value at the place that the message names.")
X(32, KP_E_PLACEHOLDER, KP_OWN, 0, "placeholder_key", KP_CLASS_KEY, KP_NOT_TAKEN, 0, 0, "a sample or placeholder stands where the key should be", "Put the real key from the service's dashboard at the place that the message names.")
X(33, KP_E_KEY_TWICE, KP_OWN, 0, "key_twice", KP_CLASS_KEY, KP_NOT_TAKEN, 0, 0, "the variable and its _FILE form are both set", "Unset one of the two, so that it is clear which key is meant.")
X(34, KP_E_KEY_FILE, KP_OWN, 0, "bad_key_file", KP_CLASS_KEY, KP_NOT_TAKEN, 0, 0, "the place of the key cannot be used", "Correct what the message names: the file, its permissions, or the program that hands the key in.")
X(35, KP_E_KEY_COOLING, KP_OWN, 0, "key_cooling", KP_CLASS_KEY, KP_NOT_TAKEN, 0, 0, "the service refused this key a short while ago, so it is not tried again yet", "Correct the key; it is tried again at the time that the message names, or at once when the key is a different one.")
X(36, KP_E_KEY_GONE, KP_OWN, 0, "key_gone", KP_CLASS_KEY, KP_NOT_TAKEN, 0, 0, "the key that submitted this task is no longer there", "Bring back the key that the task reference names, or poll the task with the program that has it.")
X(38, KP_E_KEY_EXPIRED, KP_OWN, 0, "key_expired", KP_CLASS_KEY, KP_NOT_TAKEN, 0, 0, "the date up to which this key may be used (not_after) is past", "Put a new key in its place and the new date in the configuration; tasks that were submitted with it are still polled.")
X(39, KP_E_KEY_REVOKED, KP_OWN, 0, "key_revoked", KP_CLASS_KEY, KP_NOT_TAKEN, 0, 0, "this key was revoked with 'keyplate keys revoke', so nobody uses it any more", "Put another key in its place; a key that was revoked by mistake is given back with 'keyplate keys revoke NAME --undo'.")
X(106, KP_E_KEY_OLD, KP_OWN, 0, "key_old", KP_CLASS_KEY, KP_NOT_TAKEN, 0, 0, "this key has been in use for longer than the option ring.age_fail allows", "Make a new key at the service and put it in the place of this one; 'keyplate keys' shows the age of each.")
X(107, KP_E_KEY_CLOSED, KP_OWN, 0, "key_closed", KP_CLASS_LIMIT, KP_NOT_TAKEN, 0, 0, "this key may be used at certain times only (window), and now is none of them", "Come back at the time that the message names, or change the window of this key.")
X(37, KP_E_STRICT, KP_OWN, 0, "strict", KP_CLASS_KEY, KP_NOT_TAKEN, 0, 0, "strict mode refuses to go on with less protection", "Mend what the message names, or set strict to false.")
/* the stores of keys over HTTP */
X(100, KP_E_SOURCE_SETUP, KP_OWN, 0, "source_setup", KP_CLASS_KEY, KP_NOT_TAKEN, 0, 0, "the store of the key cannot be asked as it is configured", "Mend what the message names: the store's address, the credentials for it, the region, or the field of the secret.")
X(101, KP_E_SOURCE_REFUSED, KP_OWN, 0, "source_refused", KP_CLASS_KEY, KP_NOT_TAKEN, 0, 0, "the store of the key refuses to give it out", "Check the token or the credentials for the store, the policy that lets them read this secret, and this machine's clock.")
X(102, KP_E_SOURCE_DELETED, KP_OWN, 0, "source_deleted", KP_CLASS_KEY, KP_NOT_TAKEN, 0, 0, "this version of the secret is deleted, destroyed or disabled in the store", "Restore it or write a new version in the store.")
X(103, KP_E_SOURCE_THROTTLED, KP_OWN, 0, "source_throttled", KP_CLASS_BUSY, KP_NOT_TAKEN, 2000, 30000, "the store of the key says that requests come too fast", "Ask it less often, or raise its quota.")
X(104, KP_E_SOURCE_AWAY, KP_OWN, 0, "source_away", KP_CLASS_SERVER, KP_MAYBE_TAKEN, 500, 8000, "the store of the key cannot be reached, or has trouble of its own", "Check the network and the store; the message says how it showed. Nothing was sent to the service.")
X(105, KP_E_SOURCE_ANSWER, KP_OWN, 0, "source_answer", KP_CLASS_PROTOCOL, KP_MAYBE_TAKEN, 1000, 8000, "the answer is not what this store of keys is known to send", "Check the store's address; a proxy or a login page in between also looks like this. Nothing was sent to the service.")
/* address */
X(40, KP_E_BANNED, KP_OWN, 0, "address_banned", KP_CLASS_ADDRESS, KP_NOT_TAKEN, 0, 0, "the service banned this address a short while ago, so nothing is sent yet", "Find the program that uses a wrong key; calls go out again at the time that the message names.")
/* pending */
X(50, KP_E_PENDING, KP_OWN, 0, "pending", KP_CLASS_PENDING, KP_NOT_TAKEN, 0, 0, "the task is not ready yet", "Ask again in a few seconds, or use wait.")
/* network */
X(60, KP_E_RESOLVE, KP_OWN, 0, "resolve_failed", KP_CLASS_NETWORK, KP_MAYBE_TAKEN, 500, 4000, "the service's host name cannot be resolved", "Check the network and the name server of this machine.")
X(61, KP_E_CONNECT, KP_OWN, 0, "connect_failed", KP_CLASS_NETWORK, KP_MAYBE_TAKEN, 500, 4000, "no connection to the service", "Check the network, a firewall, or whether the service is up.")
X(62, KP_E_TLS, KP_OWN, 0, "tls_failed", KP_CLASS_NETWORK, KP_MAYBE_TAKEN, 0, 0, "the service could not prove who it is over TLS, so nothing was sent", "Check this machine's clock and certificates (option ca_file), and whether something intercepts the connection.")
X(63, KP_E_PROXY, KP_OWN, 0, "proxy_failed", KP_CLASS_NETWORK, KP_MAYBE_TAKEN, 500, 4000, "the configured proxy does not let the call through", "Check the option proxy, its credentials, and whether the proxy is up.")
X(64, KP_E_LOST, KP_OWN, 0, "connection_lost", KP_CLASS_NETWORK, KP_MAYBE_TAKEN, 500, 4000, "the connection broke before the answer was complete", "Try again; after a submit look at the account first, because the task may have been accepted.")
X(65, KP_E_NO_CA, KP_OWN, 0, "no_certificates", KP_CLASS_NETWORK, KP_MAYBE_TAKEN, 0, 0, "this machine has no CA certificates, so no service can prove who it is and nothing was sent", "Install them (the package ca-certificates of Debian, Ubuntu, Fedora, Alpine), or name a file of them with the option ca_file.")
/* protocol */
X(70, KP_E_ANSWER, KP_OWN, 0, "bad_answer", KP_CLASS_PROTOCOL, KP_MAYBE_TAKEN, 1000, 8000, "the answer is not what this service is known to send", "Try again later; if it stays, look whether the base URL is right or the service changed.")
X(71, KP_E_REDIRECT, KP_OWN, 0, "redirect", KP_CLASS_PROTOCOL, KP_MAYBE_TAKEN, 0, 0, "the service answered with a redirect, which is never followed with a key", "Check the base URL; a login page of the network in between also looks like this.")
X(72, KP_E_ANSWER_TOO_BIG, KP_OWN, 0, "answer_too_big", KP_CLASS_PROTOCOL, KP_MAYBE_TAKEN, 0, 0, "the answer is larger than the option max_answer allows", "Raise max_answer if such answers are expected.")
X(73, KP_E_HTTP, KP_OWN, 0, "http_status", KP_CLASS_PROTOCOL, KP_MAYBE_TAKEN, 0, 0, "the service answered with an HTTP status that it is not known to use", "Check the base URL.")
/* server, busy by HTTP status */
X(74, KP_E_SERVER, KP_OWN, 0, "server_error", KP_CLASS_SERVER, KP_MAYBE_TAKEN, 5000, 20000, "the service has trouble of its own (HTTP 5xx)", "Try again later; after a submit look at the account first, because the task may have been accepted.")
X(75, KP_E_BUSY, KP_OWN, 0, "too_many_requests", KP_CLASS_BUSY, KP_NOT_TAKEN, 3000, 60000, "the service says that requests come too fast (HTTP 429)", "Send fewer requests at a time.")
/* timeout, cancelled */
X(80, KP_E_TIMEOUT, KP_OWN, 0, "timeout", KP_CLASS_TIMEOUT, KP_MAYBE_TAKEN, 0, 0, "the time for this operation is over", "Give it more time (timeout); a task that is named goes on and can be waited for.")
X(81, KP_E_CANCELLED, KP_OWN, 0, "cancelled", KP_CLASS_CANCELLED, KP_MAYBE_TAKEN, 0, 0, "the operation was cancelled", "A task that is named goes on and can be waited for.")
/* limit */
X(85, KP_E_LIMIT, KP_OWN, 0, "limit_reached", KP_CLASS_LIMIT, KP_NOT_TAKEN, 0, 0, "a limit that was set for these calls is reached", "Come back at the time that the message names, or change the limit.")
/* store, record, unknown, internal */
X(90, KP_E_STORE, KP_OWN, 0, "store_failed", KP_CLASS_STORE, KP_NOT_TAKEN, 0, 0, "the shared state could not be used", "Check the state folder that the message names.")
X(91, KP_E_RECORD, KP_OWN, 0, "record_failed", KP_CLASS_STORE, KP_NOT_TAKEN, 0, 0, "the record of the call could not be written, so the call was not made", "Check the audit file's folder, permissions and disk space.")
X(95, KP_E_UNKNOWN_CODE, KP_OWN, 0, "unknown_code", KP_CLASS_UNKNOWN, KP_MAYBE_TAKEN, 0, 0, "the service answered with a code that this version does not know", "Look the code up at the service; it is told as it came.")
X(98, KP_E_MEMORY, KP_OWN, 0, "out_of_memory", KP_CLASS_INTERNAL, KP_MAYBE_TAKEN, 0, 0, "memory is short", "Free memory on this machine or raise the process's limit.")
X(99, KP_E_INTERNAL, KP_OWN, 0, "internal", KP_CLASS_INTERNAL, KP_MAYBE_TAKEN, 0, 0, "a fault in keyplate itself", "Please report it with the text of this message.")
/* CaptchaAI */
X(200, KP_E_C_WRONG_USER_KEY, KP_CAPTCHAAI, 0, "ERROR_WRONG_USER_KEY", KP_CLASS_KEY, KP_NOT_TAKEN, 0, 0, "the service says that this key is malformed or expired", "Check the key against the dashboard; it is not tried again for a while, so that this address is not banned.")
X(201, KP_E_C_KEY_DOES_NOT_EXIST, KP_CAPTCHAAI, 0, "ERROR_KEY_DOES_NOT_EXIST", KP_CLASS_KEY, KP_NOT_TAKEN, 0, 0, "the service does not know this key", "Check the key against the dashboard; a new key may need some minutes, and an account without a plan gives the same answer.")
X(202, KP_E_C_ZERO_BALANCE, KP_CAPTCHAAI, 0, "ERROR_ZERO_BALANCE", KP_CLASS_FUNDS, KP_NOT_TAKEN, 0, 0, "the account has no funds, or no free thread", "Look at the balance; top the account up, or lower the number of tasks at a time.")
X(203, KP_E_C_IP_NOT_ALLOWED, KP_CAPTCHAAI, 0, "ERROR_IP_NOT_ALLOWED", KP_CLASS_ADDRESS, KP_NOT_TAKEN, 0, 0, "this address is not on the allow list of the key", "Add the address that this machine uses to go out (see the options proxy and source_address) to the list in the dashboard.")
X(204, KP_E_C_IP_BANNED, KP_CAPTCHAAI, 0, "IP_BANNED", KP_CLASS_ADDRESS, KP_NOT_TAKEN, 0, 0, "the service banned this address, usually after wrong keys", "Wait at least five minutes and find the program that uses a wrong key; polling on prolongs the ban.")
X(205, KP_E_C_NO_SLOT_AVAILABLE, KP_CAPTCHAAI, 0, "ERROR_NO_SLOT_AVAILABLE", KP_CLASS_BUSY, KP_NOT_TAKEN, 5000, 60000, "the service has no free worker and did not accept the task", "Try again later, or submit fewer tasks at a time.")
X(206, KP_E_C_TOO_MUCH_REQUESTS, KP_CAPTCHAAI, 0, "ERROR_TOO_MUCH_REQUESTS", KP_CLASS_BUSY, KP_NOT_TAKEN, 3000, 60000, "requests come too fast for the service", "Send fewer requests at a time.")
X(207, KP_E_C_MAX_USER_TURN, KP_CAPTCHAAI, 0, "MAX_USER_TURN", KP_CLASS_BUSY, KP_NOT_TAKEN, 10000, 60000, "the account has too many requests open", "Wait, or submit fewer tasks at a time.")
X(208, KP_E_C_SERVER_ERROR, KP_CAPTCHAAI, 0, "ERROR_SERVER_ERROR", KP_CLASS_SERVER, KP_MAYBE_TAKEN, 5000, 20000, "the service has trouble of its own", "Try again later; after a submit look at the account first, because the task may have been accepted.")
X(209, KP_E_C_INTERNAL_SERVER_ERROR, KP_CAPTCHAAI, 0, "ERROR_INTERNAL_SERVER_ERROR", KP_CLASS_SERVER, KP_MAYBE_TAKEN, 5000, 20000, "the service has trouble of its own", "Try again later; after a submit look at the account first, because the task may have been accepted.")
X(210, KP_E_C_CAPCHA_NOT_READY, KP_CAPTCHAAI, 0, "CAPCHA_NOT_READY", KP_CLASS_PENDING, KP_MAYBE_TAKEN, 0, 0, "the task is not ready yet", "Ask again in a few seconds, or use wait.")
X(211, KP_E_C_CAPTCHA_UNSOLVABLE, KP_CAPTCHAAI, 0, "ERROR_CAPTCHA_UNSOLVABLE", KP_CLASS_TASK, KP_MAYBE_TAKEN, 0, 0, "the service could not solve this task", "Submit it again if it is still needed; if this was the answer to a submit, that submit counts as spent.")
X(212, KP_E_C_PAGEURL, KP_CAPTCHAAI, 0, "ERROR_PAGEURL", KP_CLASS_INPUT, KP_NOT_TAKEN, 0, 0, "the parameter pageurl is missing or wrong", "Give the full address of the page, with http:// or https://.")
X(213, KP_E_C_GOOGLEKEY, KP_CAPTCHAAI, 0, "ERROR_GOOGLEKEY", KP_CLASS_INPUT, KP_NOT_TAKEN, 0, 0, "the parameter googlekey is missing or wrong", "Check the site key of the page.")
X(214, KP_E_C_WRONG_GOOGLEKEY, KP_CAPTCHAAI, 0, "ERROR_WRONG_GOOGLEKEY", KP_CLASS_INPUT, KP_NOT_TAKEN, 0, 0, "the parameter googlekey is missing or wrong", "Check the site key of the page.")
X(215, KP_E_C_BAD_TOKEN_OR_PAGEURL, KP_CAPTCHAAI, 0, "ERROR_BAD_TOKEN_OR_PAGEURL", KP_CLASS_INPUT, KP_NOT_TAKEN, 0, 0, "site key and page address do not belong together", "Check both against the page.")
X(216, KP_E_C_BAD_PARAMETERS, KP_CAPTCHAAI, 0, "ERROR_BAD_PARAMETERS", KP_CLASS_INPUT, KP_NOT_TAKEN, 0, 0, "the service does not accept these parameters", "Check the parameters of this method.")
X(217, KP_E_C_DOMAIN_NOT_ALLOWED, KP_CAPTCHAAI, 0, "ERROR_DOMAIN_NOT_ALLOWED", KP_CLASS_INPUT, KP_NOT_TAKEN, 0, 0, "the service does not work for this domain", "Use it for other sites only.")
X(218, KP_E_C_ZERO_CAPTCHA_FILESIZE, KP_CAPTCHAAI, 0, "ERROR_ZERO_CAPTCHA_FILESIZE", KP_CLASS_INPUT, KP_NOT_TAKEN, 0, 0, "the image is too small for the service", "Check that the image was read whole.")
X(219, KP_E_C_TOO_BIG_CAPTCHA_FILESIZE, KP_CAPTCHAAI, 0, "ERROR_TOO_BIG_CAPTCHA_FILESIZE", KP_CLASS_INPUT, KP_NOT_TAKEN, 0, 0, "the image is too big for the service", "Send a smaller image.")
X(220, KP_E_C_WRONG_FILE_EXTENSION, KP_CAPTCHAAI, 0, "ERROR_WRONG_FILE_EXTENSION", KP_CLASS_INPUT, KP_NOT_TAKEN, 0, 0, "the service does not know this type of image", "Send a JPEG, PNG or GIF.")
X(221, KP_E_C_IMAGE_TYPE_NOT_SUPPORTED, KP_CAPTCHAAI, 0, "ERROR_IMAGE_TYPE_NOT_SUPPORTED", KP_CLASS_INPUT, KP_NOT_TAKEN, 0, 0, "the service does not know this type of image", "Send a JPEG, PNG or GIF.")
X(222, KP_E_C_UPLOAD, KP_CAPTCHAAI, 0, "ERROR_UPLOAD", KP_CLASS_INPUT, KP_NOT_TAKEN, 0, 0, "the service could not read the uploaded file", "Check that the image is whole and send it again.")
X(223, KP_E_C_CAPTCHAIMAGE_BLOCKED, KP_CAPTCHAAI, 0, "ERROR_CAPTCHAIMAGE_BLOCKED", KP_CLASS_INPUT, KP_NOT_TAKEN, 0, 0, "the service marked this image as one that it does not solve", "Use another image.")
X(224, KP_E_C_BAD_PROXY, KP_CAPTCHAAI, 0, "ERROR_BAD_PROXY", KP_CLASS_INPUT, KP_NOT_TAKEN, 0, 0, "the proxy given for the task does not work", "Check the parameter proxy.")
X(225, KP_E_C_PROXY_CONNECTION_FAILED, KP_CAPTCHAAI, 0, "ERROR_PROXY_CONNECTION_FAILED", KP_CLASS_INPUT, KP_NOT_TAKEN, 0, 0, "the service could not connect through the proxy given for the task", "Check the parameter proxy.")
X(226, KP_E_C_WRONG_ID_FORMAT, KP_CAPTCHAAI, 0, "ERROR_WRONG_ID_FORMAT", KP_CLASS_TASK, KP_MAYBE_TAKEN, 0, 0, "the task id is not one of this service", "Check the task reference.")
X(227, KP_E_C_WRONG_CAPTCHA_ID, KP_CAPTCHAAI, 0, "ERROR_WRONG_CAPTCHA_ID", KP_CLASS_TASK, KP_MAYBE_TAKEN, 0, 0, "the service does not know this task id", "Check the task reference; old tasks are forgotten.")
X(228, KP_E_C_BAD_DUPLICATES, KP_CAPTCHAAI, 0, "ERROR_BAD_DUPLICATES", KP_CLASS_TASK, KP_MAYBE_TAKEN, 0, 0, "too few solvers agreed on an answer", "Submit it again if it is still needed.")
/* NoCaptchaAI; TASK_FAILED is our word for status "failed" without a code */
X(401, KP_E_N_KEY_DOES_NOT_EXIST, KP_NOCAPTCHAAI, 1, "KEY_DOES_NOT_EXIST", KP_CLASS_KEY, KP_NOT_TAKEN, 0, 0, "the service does not know this key", "Check the key against the dashboard; it is not tried again for a while.")
X(402, KP_E_N_NO_SLOT_AVAILABLE, KP_NOCAPTCHAAI, 2, "NO_SLOT_AVAILABLE", KP_CLASS_BUSY, KP_NOT_TAKEN, 5000, 60000, "the service has no free worker and did not accept the task", "Try again later, or submit fewer tasks at a time.")
X(403, KP_E_N_ZERO_BALANCE, KP_NOCAPTCHAAI, 3, "ZERO_BALANCE", KP_CLASS_FUNDS, KP_NOT_TAKEN, 0, 0, "the account has no funds", "Look at the balance and top the account up.")
X(410, KP_E_N_BAD_PARAMETERS, KP_NOCAPTCHAAI, 10, "ERROR_BAD_PARAMETERS", KP_CLASS_INPUT, KP_NOT_TAKEN, 0, 0, "the service does not accept these parameters", "Check the parameters of this task type.")
X(412, KP_E_N_CAPTCHA_UNSOLVABLE, KP_NOCAPTCHAAI, 12, "ERROR_CAPTCHA_UNSOLVABLE", KP_CLASS_TASK, KP_MAYBE_TAKEN, 0, 0, "the service could not solve this task", "Submit it again if it is still needed; if this was the answer to a submit, that submit counts as spent.")
X(414, KP_E_N_PLAN_EXPIRED, KP_NOCAPTCHAAI, 14, "PLAN_EXPIRED", KP_CLASS_FUNDS, KP_NOT_TAKEN, 0, 0, "the plan of the account has expired", "Renew the plan in the dashboard.")
X(415, KP_E_N_PLAN_INACTIVE, KP_NOCAPTCHAAI, 15, "PLAN_INACTIVE", KP_CLASS_FUNDS, KP_NOT_TAKEN, 0, 0, "the plan of the account is not active", "Activate a plan in the dashboard.")
X(416, KP_E_N_RATE_LIMITED, KP_NOCAPTCHAAI, 16, "RATE_LIMITED", KP_CLASS_BUSY, KP_NOT_TAKEN, 3000, 60000, "requests come too fast for the service", "Send fewer requests at a time.")
X(417, KP_E_N_DAILY_LIMIT_EXCEEDED, KP_NOCAPTCHAAI, 17, "DAILY_LIMIT_EXCEEDED", KP_CLASS_QUOTA, KP_NOT_TAKEN, 0, 0, "the daily limit of the plan is used up", "Wait until the next day or change the plan.")
X(418, KP_E_N_QUOTA_LIMIT_EXCEEDED, KP_NOCAPTCHAAI, 18, "QUOTA_LIMIT_EXCEEDED", KP_CLASS_QUOTA, KP_NOT_TAKEN, 0, 0, "the quota of the plan is used up", "Wait until the plan renews or change it.")
X(421, KP_E_N_SERVICE_UNAVAILABLE, KP_NOCAPTCHAAI, 21, "SERVICE_UNAVAILABLE", KP_CLASS_SERVER, KP_MAYBE_TAKEN, 5000, 20000, "the service has trouble of its own", "Try again later; after a submit look at the account first, because the task may have been accepted.")
X(422, KP_E_N_TASK_FAILED, KP_NOCAPTCHAAI, 0, "TASK_FAILED", KP_CLASS_TASK, KP_MAYBE_TAKEN, 0, 0, "the service says that the task failed", "Submit it again if it is still needed; if this was the answer to a submit, that submit counts as spent.")
/* clang-format on */
