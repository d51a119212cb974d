"""Runs a program on a terminal of its own. Commands come as lines of JSON, what happens goes out as lines of JSON."""

import fcntl, json, os, pty, select, signal, struct, sys, termios


def say(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def resize(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def main(rows, columns, argv):
    # Our own end of the terminal stays open, so that how it was left can be read when the program is gone.
    leader, follower = pty.openpty()
    resize(leader, rows, columns)
    before = termios.tcgetattr(follower)
    pid = os.fork()
    if pid == 0:
        os.setsid()
        fcntl.ioctl(follower, termios.TIOCSCTTY, 0)
        for fd in (0, 1, 2):
            os.dup2(follower, fd)
        os.closerange(3, 256)
        os.execvp(argv[0], argv)
    pending = b""
    while True:
        readable, _, _ = select.select([leader, 0], [], [], 0.05)
        if leader in readable:
            say(out=os.read(leader, 65536).decode("utf-8", "replace"))
        if 0 in readable:
            data = os.read(0, 65536)
            if data == b"":
                os.kill(pid, signal.SIGKILL)
                return
            pending += data
            *lines, pending = pending.split(b"\n")
            for line in lines:
                command = json.loads(line)
                if "keys" in command:
                    os.write(leader, command["keys"].encode())
                if "size" in command:
                    resize(leader, *command["size"])
                if "signal" in command:
                    os.kill(pid, getattr(signal, command["signal"]))
                if "close" in command:
                    os.close(leader)
                    _, status = os.waitpid(pid, 0)
                    say(code=os.waitstatus_to_exitcode(status), restored=False)
                    return
        if not readable:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                code = os.waitstatus_to_exitcode(status)
                after = termios.tcgetattr(follower)
                say(code=code, restored=before[:4] == after[:4])
                return


main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
