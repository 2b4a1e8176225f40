# shellcheck shell=sh
# Prints, for `eval`, what takes out the variables by which the user's shell speaks to other Pythons and to dbt: they are not
# for the locked ones, but for those that PIXIW_KEEP names. docs/environments.md lists them. Sourced in a subshell.
# With `_emptied` most are set to nothing, which reads as not set, for pixi takes over only what a script sets.

set -f
IFS='
'
for _line in $(export -p); do
    _line=${_line#export }
    _line=${_line#declare -x }
    _line=${_line%%=*}
    case $_line in
        *[!A-Za-z0-9_]* | PYTHONUNBUFFERED | PYTHONFAULTHANDLER | PYTHONUTF8 | PYTHONPYCACHEPREFIX) continue ;;
        PYTHON* | __PYVENV_LAUNCHER__ | VIRTUAL_ENV* | MYPYPATH | DBT_*) _taken_out=${_emptied:+"export $_line="} ;;
        # These take an empty text at its word.
        SPARK_HOME | PYSPARK_* | UV_PYTHON | UV_SYSTEM_PYTHON | UV_PROJECT*) _taken_out= ;;
        *) continue ;;
    esac
    case " ${PIXIW_KEEP-} " in
        *" $_line "*) ;;
        *) printf '%s\n' "${_taken_out:-unset $_line}" ;;
    esac
done
