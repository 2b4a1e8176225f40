# shellcheck shell=sh
# Sourced by pixi (in bash) and by pixiw (in sh) when an environment is activated: puts .pixi/venvs/<environment> in line
# with locks/<environment>.txt and first on PATH. It runs before every task, so the check below starts three processes
# only, and as it is sourced it must leave no function, variable, option or directory behind.
# Needs PIXI_PROJECT_ROOT and PIXI_ENVIRONMENT_NAME; CONDA_PREFIX says that pixi brought the interpreter.

_line=$(_emptied=${CONDA_PREFIX-} && . "$PIXI_PROJECT_ROOT/tasks/variables.sh")
eval "$_line"

_venv=$PIXI_PROJECT_ROOT/.pixi/venvs/$PIXI_ENVIRONMENT_NAME
_lock=$PIXI_PROJECT_ROOT/locks/$PIXI_ENVIRONMENT_NAME.txt
_failed=

# uv writes below HOME, which may be another user's, or none.
_cache=${XDG_CACHE_HOME:-${HOME-}/.cache}/uv
while [ ! -e "${_cache:=/}" ]; do
    case $_cache in */*) _cache=${_cache%/*} ;; *) _cache=. ;; esac
done
if [ ! -d "$_cache" ] || [ ! -w "$_cache" ]; then
    export UV_CACHE_DIR="${UV_CACHE_DIR:-$PIXI_PROJECT_ROOT/.pixi/uv-cache}"
    export UV_PYTHON_INSTALL_DIR="${UV_PYTHON_INSTALL_DIR:-$PIXI_PROJECT_ROOT/.pixi/uv-python}"
fi

# Without a lock the environment has no Python packages, just tools.
if [ -f "$_lock" ]; then
    # The lock's third line is `# project: <directory>`.
    { read -r _line && read -r _line && read -r _project; } < "$_lock"
    _project=${_project#\# project: }

    # The stamp's first three lines, as in shared.workspace.installed: which interpreter, what lies there as it stands, and
    # how much of the packages there is: the sum in the last line of `wc`.
    _python=uv
    if [ -n "${CONDA_PREFIX-}" ]; then
        for _python in "$CONDA_PREFIX"/conda-meta/python-3*.json; do :; done
    elif [ -r "$_venv/.stamp" ] && IFS= read -r _line < "$_venv/.stamp" && [ -f "$_line" ]; then
        # What pixi has made serves uv's route too.
        _python=$_line
    fi
    _line=
    for _package in shared "$_project"; do
        for _init in "$PIXI_PROJECT_ROOT/$_package"/src/*/__init__.py; do
            case "$_line " in *"$_package "*) ;; *) [ ! -f "$_init" ] || _line="$_line$_package " ;; esac
        done
    done
    _line=$_line$PIXI_PROJECT_ROOT

    _size=$(
        cd "$_venv"/lib/python3*/site-packages 2>/dev/null || exit 0
        exec wc -c ./*.dist-info/RECORD ./*/__init__.py ./*.py ./*.so ./*.pth 2>/dev/null
    ) || :
    _size=${_size##*"
"}
    _size=${_size% *}

    # The bare `python` of a venv is a link: where its interpreter is gone, -x says so.
    if [ -n "${PIXIW_REPAIR-}" ] || [ ! -x "$_venv/bin/python" ] ||
        ! printf '%s\n' "$_python" "$_line" "$((${_size:-0}))" | cat - "$_lock" \
        "$PIXI_PROJECT_ROOT/$_project/pyproject.toml" "$PIXI_PROJECT_ROOT/shared/pyproject.toml" 2>/dev/null |
        cmp -s - "$_venv/.stamp"; then
        # Any Python from 3.9 runs environments.py: pixi's own, else the one that uv finds, else the one at hand.
        if [ -n "${CONDA_PREFIX-}" ]; then
            "$CONDA_PREFIX/bin/python" "$PIXI_PROJECT_ROOT/tasks/environments.py" "$PIXI_ENVIRONMENT_NAME"
        elif _uv=$(command -v uv) || [ -x "${_uv:=$PIXI_PROJECT_ROOT/.pixi/uv/bin/uv}" ]; then
            env -u VIRTUAL_ENV "$_uv" run -q --no-project --python '>=3.9' \
                "$PIXI_PROJECT_ROOT/tasks/environments.py" "$PIXI_ENVIRONMENT_NAME"
        else
            python3 "$PIXI_PROJECT_ROOT/tasks/environments.py" "$PIXI_ENVIRONMENT_NAME"
        fi || _failed=yes
    fi
    if [ -z "$_failed" ]; then
        export VIRTUAL_ENV="$_venv"
        # The stubs come to light where a shell or pixi's cache of activations outlives the venv.
        export PATH="$_venv/bin:$PIXI_PROJECT_ROOT/tasks/stubs:$PATH"
    fi
fi

# After a failure no command may run, nor another Python in its place. pixi would show every variable, passwords included,
# for a script that ends non-zero: there each command says itself what is wrong. A terminal that sourced this stays open.
if [ -n "$_failed" ]; then
    case $- in *i*) _failed=terminal ;; esac
    case $_failed${CONDA_PREFIX:+,pixi} in
        yes) exit 1 ;;
        yes,pixi) PATH=$PIXI_PROJECT_ROOT/.pixi/venvs/.failed/$PIXI_ENVIRONMENT_NAME:$PIXI_PROJECT_ROOT/tasks/stubs ;;
        terminal) PATH=$PIXI_PROJECT_ROOT/tasks/stubs:$PATH ;;
        terminal,pixi)
            cat "$PIXI_PROJECT_ROOT/.pixi/venvs/.failed/$PIXI_ENVIRONMENT_NAME/.message" >&2
            PATH=$PIXI_PROJECT_ROOT/tasks/stubs:$PATH
            ;;
    esac
fi
unset _venv _cache _lock _project _python _line _package _init _size _uv
case $_failed${CONDA_PREFIX:+,pixi} in terminal) unset _failed && return 1 ;; esac
unset _failed
