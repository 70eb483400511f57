/// Stands for `birlik` where only the units are tried: it does what the daemon needs to be allowed to do, tries what
/// it must not be able to do, and reports in its status what went otherwise.
enum FakeDaemon {
  static let text = #"""
    #!/usr/bin/python3
    import mmap, os, socket, sqlite3, ssl, sys, time

    def notify(message):
        name = os.environ["NOTIFY_SOCKET"]
        name = "\0" + name[1:] if name[0] == "@" else name
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
            connection.sendto(message.encode(), name)

    def must(name, action):
        try:
            action()
        except Exception as error:
            problems.append(f"{name}: {error}")

    def must_not(name, action):
        try:
            action()
        except Exception:
            return
        problems.append(f"{name} was allowed")

    def write_database():
        # The program gives the file its mode; SQLite's own would keep the group out.
        os.close(os.open("birlik.db", os.O_CREAT | os.O_RDWR, 0o660))
        with sqlite3.connect("birlik.db") as database:
            database.execute("create table if not exists t (a)")
            database.execute("insert into t values (1)")

    def ordered_exit():
        try:
            with open("exit") as file:
                return int(file.read())
        except FileNotFoundError:
            return None

    problems = []
    if sys.argv[1:] == ["sync", "--config", "/etc/birlik/birlik.toml"]:
        with open("synced", "w"):
            pass
        print("headquarters cannot be reached", file=sys.stderr)
        sys.exit(ordered_exit() or 69)

    if ordered_exit():
        sys.exit(ordered_exit())
    must("arguments", lambda: [].index("serve") if sys.argv[1:2] != ["serve"] else 0)
    must("settings", lambda: open(sys.argv[3]).read())
    must("database", write_database)
    must("listen", lambda: socket.create_server(("127.0.0.1", 8650)).close())
    must("tls", ssl.create_default_context)
    must("key file", lambda: os.chmod(os.open("key", os.O_CREAT | os.O_WRONLY, 0o600), 0o600))
    must_not("writing settings", lambda: open(sys.argv[3], "a"))
    must_not("writing /etc", lambda: open("/etc/birlik-was-here", "w"))
    # These are open to everybody, so that only the unit can stand in the way.
    must_not("writing an open folder", lambda: open("/var/open/birlik-was-here", "w"))
    must_not("sight of homes", lambda: os.stat("/home/open"))
    must_not("sight of others' temporary files", lambda: os.stat("/tmp/open"))
    must_not("writable code", lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC))
    must_not("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))
    must_not("sight of process 1", lambda: os.stat("/proc/1"))
    notify("STATUS=" + ("; ".join(problems) or "all well"))
    notify("READY=1")
    while not os.path.exists("hang"):
        notify("WATCHDOG=1")
        time.sleep(0.2)
    os.remove("hang")
    time.sleep(600)
    """# + "\n"
}
