<?php
// calls.php: makes N submits on one kept-alive connection, by keyplate or by PHP's curl: what calls.c does, from PHP.
//
//     calls.php keyplate|curl N URL KEY_FILE
declare(strict_types=1);

const PARAMETERS = ['sitekey' => '0x4AAA', 'pageurl' => 'https://example.com/'];

function by_keyplate(int $count, string $url, string $key_file): void
{
    $client = new Keyplate\Client(config: false, key: "file:$key_file", url: ['captchaai' => $url], store: 'memory:');
    for ($i = 0; $i < $count; $i++) {
        $client->submit('turnstile', PARAMETERS);
    }
}

/** The plain program: one handle, nothing checked. */
function by_curl(int $count, string $url, string $key_file): void
{
    $form = ['key' => trim(file_get_contents($key_file)), 'method' => 'turnstile', 'json' => '1'] + PARAMETERS;
    $handle = curl_init();
    for ($i = 0; $i < $count; $i++) {
        curl_setopt_array($handle, [CURLOPT_URL => "$url/in.php", CURLOPT_POSTFIELDS => http_build_query($form), CURLOPT_RETURNTRANSFER => true]);
        json_decode(curl_exec($handle), false, 8, JSON_THROW_ON_ERROR)->request;
    }
}

[, $mode, $count, $url, $key_file] = $argv;
match ($mode) {
    'keyplate' => by_keyplate((int) $count, $url, $key_file),
    'curl' => by_curl((int) $count, $url, $key_file),
};
