# Completion for fish: climnorm itself says what may come next, and of which kind files are.
function __climnorm_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] complete (string replace -r '^~/' $HOME/ -- $words[2..-1]) "$current" 2>/dev/null)
        set -l parts (string split -m 1 \t -- $line)
        set -l path (string replace -- "$parts[2]" '' "$current")
        switch $parts[1]
            case :folders
                printf "$parts[2]%s\n" (__fish_complete_directories "$path" '')
            case :files :cfg :nc
                set -l ending (string replace : . -- $parts[1])
                test $parts[1] = :files; and set ending .
                for found in (__fish_complete_path "$path" '')
                    string match -qr -- "/\$|/\t|\\$ending" "$found"; and printf '%s%s\n' "$parts[2]" "$found"
                end
            case '*'
                echo $line
        end
    end
end
complete -c climnorm -f -a '(__climnorm_complete)'
