# Completion for bash: climnorm itself says what may come next, and of which kind files are.
# shellcheck shell=bash

# Splits a line into `words`, without their quotes. The last one is what is to be completed; readline
# leaves the part `kept` of it as it stands: what is before an open quote, or up to the last = or :.
_climnorm_split()
{
    local line=$1 char next word='' quote='' before_quote='' is_word='' i
    words=() kept=''
    for ((i = 0; i < ${#line}; i++)); do
        char=${line:i:1}
        if [[ $char == "$quote" ]]; then
            quote='' kept=$before_quote
        elif [[ $char == \\ && $quote != \' ]]; then
            next=${line:i+1:1} is_word=yes
            ((i++))
            [[ $quote && $next != [\$\`\"\\] ]] && word+=\\
            word+=$next
        elif [[ $quote ]]; then
            word+=$char
        elif [[ $char == [\'\"] ]]; then
            quote=$char before_quote=$kept kept=$word is_word=yes
        elif [[ $char == [[:space:]] ]]; then
            [[ $is_word ]] && words+=("$word")
            word='' kept='' is_word=''
        else
            [[ ! $is_word && ${line:i:2} == \~/ ]] && char=$HOME
            word+=$char is_word=yes
            [[ $char == [=:] && $COMP_WORDBREAKS == *"$char"* ]] && kept=$word
        fi
    done
    words+=("$word")
}

# Prints, with a NUL behind each, the paths of a kind that begin so; folders are of every kind.
_climnorm_paths()
(
    shopt -s nullglob
    for path in "$2"*; do
        [[ -d $path || $1 == :files || $path == *".${1#:}" ]] && printf '%s\0' "$path"
    done
)

_climnorm()
{
    local words kept current word more found=()
    COMPREPLY=()
    _climnorm_split "${COMP_LINE:0:COMP_POINT}"
    current=${words[-1]}
    while IFS=$'\t' read -r word more; do
        case $word in
        :folders | :files | :cfg | :nc) # more: what comes before the path
            compopt -o filenames 2>/dev/null
            mapfile -d '' -t found < <(_climnorm_paths "$word" "${current#"$more"}")
            COMPREPLY+=("${found[@]/#/$more}")
            ;;
        *)
            COMPREPLY+=("$word")
            ;;
        esac
    done < <("${words[0]}" complete "${words[@]:1}" 2>/dev/null)
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
    COMPREPLY=("${COMPREPLY[@]#"$kept"}")
}
complete -F _climnorm climnorm
