import ServiceLifecycle

/// Reports to systemd that the daemon is alive.
struct Watchdog: Service {
  let notifier: ServiceNotifier

  func run() async throws {
    await Polling.every(notifier.watchdogInterval ?? .seconds(3600), from: ()) { [notifier] _ in
      await offload { notifier.watchdog() }
    }
  }
}
