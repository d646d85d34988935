/* cmd_completion.c: the completion script for bash. */
#include <string.h>

#include "app/cmd_pages.h"

static void add_word(kp_buf *out, const char *word) {
    kp_buf_fmt(out, "%s ", word);
}

static void add_options_of(kp_buf *out, const cmd_row *row) {
    const cmd_option *option;
    for (size_t i = 0; (option = cmd_option_at(i)); i++)
        if (cmd_option_fits(option, row))
            add_word(out, option->name);
}

/* A branch of a case for each command: what its options are. */
static void add_option_cases(kp_buf *out) {
    const cmd_row *row;
    kp_buf_str(out, "_keyplate_options() {\n    case $1 in\n");
    kp_buf_str(out, "    sandbox) keyplate sandbox --help | sed -n 's/^  \\(--[a-z-]*\\).*/\\1/p' ;;\n");
    for (size_t i = 0; (row = cmd_row_at(i)); i++) {
        if (row->run == cmd_sandbox)
            continue;
        kp_buf_fmt(out, "    %s) echo '", row->name);
        add_options_of(out, row);
        kp_buf_str(out, "' ;;\n");
    }
    kp_buf_str(out, "    *) echo '");
    const cmd_option *option;
    for (size_t i = 0; (option = cmd_option_at(i)); i++)
        if (!option->of || cmd_in_list(option->of, "balance"))
            add_word(out, option->name);
    kp_buf_str(out, "' ;;\n    esac\n}\n\n");
}

static void add_first_words(kp_buf *out) {
    const cmd_row *row;
    kp_buf_str(out, "_keyplate_words() {\n    case $1 in\n    '') echo '");
    for (size_t i = 0; (row = cmd_row_at(i)); i++)
        add_word(out, row->name);
    kp_buf_str(out, "' ;;\n    solve | submit) [[ $2 == nocaptchaai ]] && echo '");
    const kp_provider *provider;
    for (size_t i = 2; i-- > 0;) {
        provider = kp_provider_at(i);
        for (const kp_method *method = provider->methods; method->name; method++)
            add_word(out, method->name);
        kp_buf_str(out, i ? "' || echo '" : "' ;;\n");
    }
    for (size_t i = 0; (row = cmd_row_at(i)); i++) {
        if (!row->words)
            continue;
        kp_buf_fmt(out, "    %s) echo '%s", row->name, row->words);
        for (size_t k = 0; row->run == cmd_help && cmd_row_at(k); k++)
            kp_buf_fmt(out, " %s", cmd_row_at(k)->name);
        kp_buf_str(out, "' ;;\n");
    }
    kp_buf_str(out, "    esac\n}\n\n");
}

static void add_params(kp_buf *out) {
    const kp_provider *provider;
    kp_buf_str(out, "_keyplate_params() {\n    case $1 in\n");
    for (size_t i = 0; (provider = kp_provider_at(i)); i++)
        for (const kp_method *method = provider->methods; method->name; method++) {
            kp_buf_fmt(out, "    %s) echo '", method->name);
            for (const kp_param *param = method->params; param->name; param++)
                kp_buf_fmt(out, "%s=%s ", param->name,
                           param->type == KP_VALUE_FILE || param->type == KP_VALUE_IMAGE ? "@" : "");
            for (const kp_param *param = provider->common; param->name; param++)
                kp_buf_fmt(out, "%s= ", param->name);
            kp_buf_str(out, "' ;;\n");
        }
    kp_buf_str(out, "    esac\n}\n\n");
}

static void add_settings(kp_buf *out) {
    const char *name;
    kp_buf_str(out, "_keyplate_settings='");
    for (size_t i = 0; (name = kp_config_option(i, NULL, NULL, NULL, NULL)); i++)
        kp_buf_fmt(out, "%s= ", name);
    kp_buf_str(out, "'\n_keyplate_providers='");
    for (size_t i = 0; kp_provider_at(i); i++)
        add_word(out, kp_provider_at(i)->name);
    kp_buf_str(out, "'\n_keyplate_valued='");
    const cmd_option *option;
    for (size_t i = 0; (option = cmd_option_at(i)); i++)
        if (option->value)
            add_word(out, option->name);
    kp_buf_str(out, "'\n\n");
}

/* '=' splits words in bash, so a word is put together again up to the cursor. */
static const char body[] =
    "_keyplate() {\n"
    "    local line=${COMP_LINE:0:COMP_POINT} words=() word last= command= first= provider= i\n"
    "    COMPREPLY=()\n"
    "    read -ra words <<<\"$line\"\n"
    "    [[ $line == *[[:space:]] ]] && words+=('')\n"
    "    word=${words[${#words[@]} - 1]}\n"
    "    for ((i = 1; i < ${#words[@]} - 1; i++)); do\n"
    "        [[ $last == --provider ]] && provider=${words[i]}\n"
    "        if [[ \" $_keyplate_valued\" == *\" $last \"* && -n $last ]]; then\n"
    "            last=\n"
    "            continue\n"
    "        fi\n"
    "        last=${words[i]}\n"
    "        if [[ $last == -* ]]; then\n"
    "            [[ $last == --provider=* ]] && provider=${last#*=}\n"
    "        elif [[ -z $command ]]; then\n"
    "            command=$last\n"
    "        elif [[ -z $first ]]; then\n"
    "            first=$last\n"
    "        fi\n"
    "    done\n"
    "    local choices=\n"
    "    case $last in\n"
    "    --provider) choices=$_keyplate_providers ;;\n"
    "    --set) choices=$_keyplate_settings ;;\n"
    "    --config)\n"
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
    "        return\n"
    "        ;;\n"
    "    --key) choices='env: file: dotenv: json: cred: fd: exec: vault:// aws-sm:// gcp-sm://' ;;\n"
    "    --timeout | --url) return ;;\n"
    "    *)\n"
    "        if [[ $word == -* ]]; then\n"
    "            choices=$(_keyplate_options \"$command\")\n"
    "        elif [[ $word == *=@* ]]; then\n"
    "            mapfile -t COMPREPLY < <(compgen -f -- \"${word#*=@}\")\n"
    "            [[ $COMP_WORDBREAKS == *@* ]] || COMPREPLY=(\"${COMPREPLY[@]/#/@}\")\n"
    "            return\n"
    "        elif [[ -z $first ]]; then\n"
    "            choices=$(_keyplate_words \"$command\" \"$provider\")\n"
    "        elif [[ $command == solve || $command == submit ]]; then\n"
    "            choices=$(_keyplate_params \"$first\")\n"
    "        fi\n"
    "        ;;\n"
    "    esac\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$choices\" -- \"$word\")\n"
    "    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=:@] ]] && compopt -o nospace\n"
    "    [[ $word == *[=:]* ]] && COMPREPLY=(\"${COMPREPLY[@]#\"${word%[=:]*}\"[=:]}\")\n"
    "    return 0\n"
    "}\n"
    "complete -F _keyplate keyplate\n";

void cmd_add_completion(kp_buf *out) {
    kp_buf_str(out, "# Completion of keyplate for bash, printed by 'keyplate help --completion'.\n\n");
    add_settings(out);
    add_option_cases(out);
    add_first_words(out);
    add_params(out);
    kp_buf_str(out, body);
}
