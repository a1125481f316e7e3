# Completion for bash: climnorm itself says what may come next, and of which kind files are.
# shellcheck shell=bash
_climnorm()
{
    local line=${COMP_LINE:0:COMP_POINT} words=() current word more found=()
    COMPREPLY=()
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    words=("${words[@]/#\~\//$HOME/}")
    current=${words[-1]}
    while IFS=$'\t' read -r word more; do
        case $word in
        :folders | :files | :cfg | :nc) # more: what comes before the path
            compopt -o filenames 2>/dev/null
            mapfile -t found < <(
                if [[ $word == :files ]]; then
                    compgen -f -- "${current#"$more"}"
                else
                    compgen -d -- "${current#"$more"}"
                    [[ $word == :folders ]] || compgen -f -X "!*.${word#:}" -- "${current#"$more"}"
                fi
            )
            COMPREPLY+=("${found[@]/#/$more}")
            ;;
        *)
            COMPREPLY+=("$word")
            ;;
        esac
    done < <("${words[0]}" complete "${words[@]:1}" 2>/dev/null)
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
    if [[ $COMP_WORDBREAKS == *=* ]]; then # then bash completes what follows the last = or :
        word=${current%"${current##*[=:]}"}
        COMPREPLY=("${COMPREPLY[@]#"$word"}")
    fi
}
complete -F _climnorm climnorm
