<?php // demo.php: what demo.sh shows of the PHP extension: the key comes from where the command finds it, and nothing here sees it.
$client = new Keyplate\Client();
echo 'balance  ', $client->balance(), "\n";

$task = $client->submit('turnstile', ['sitekey' => '0x4AAAAAAA', 'pageurl' => 'https://example.com/']);
echo 'task     ', $task, "\n";
echo 'result   ', var_export($client->result($task), true), "\n"; // asks once: NULL, it is not ready
$solution = $client->wait($task);
echo 'answer   ', $solution, ' after polls: ', $solution->polls, "\n";
echo 'key      ', $solution->key, "\n";

// The service refused this key above: it is not asked again.
$log = fn (string $level, string $message, array $event) => print("log      $level: $message\n");
try {
    (new Keyplate\Client(key: 'file:wrong_key', log: $log))->balance();
} catch (Keyplate\Exception\AuthenticationException $error) {
    echo 'refused  ', $error->getErrorCode(), ' (', $error->getErrorClass(), '): ', $error->getText(), "\n";
}

$key = trim(file_get_contents(getenv('CAPTCHAAI_API_KEY_FILE')));
echo 'redacted ', Keyplate\redact("GET /res.php?key=$key&action=getbalance"), "\n";
