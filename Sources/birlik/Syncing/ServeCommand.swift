import ArgumentParser
import Glibc
import Limits
import Logging
import Node
import Settings

/// Runs the daemon.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "birlik serve --database hq.db --listen 127.0.0.1:8650",
    discussion: """
      At headquarters it answers the members. In a federation or an office it syncs on a schedule, and soon after rows \
      change. It logs to standard error and ends on SIGTERM or SIGINT. Clerks may work on the file meanwhile.
      """)

  @Option(help: ArgumentHelp("Where headquarters' server listens.", valueName: "address:port"))
  var listen: String?

  @Option(help: ArgumentHelp("Seconds between two scheduled syncs.", valueName: "seconds"))
  var interval: Int?

  @Option(help: ArgumentHelp("How much is logged: \(Settings.logLevels.joined(separator: ", ")).", valueName: "level"))
  var logLevel: LogLevel?

  @OptionGroup var tls: TLSOptions
  @OptionGroup var node: NodeOptions

  func validate() throws {
    if let interval, !(1...InputLimits.syncIntervalSeconds).contains(interval) {
      throw ValidationError(
        "The interval is from 1 to \(InputLimits.syncIntervalSeconds) seconds, and \(interval) is not.")
    }
  }

  func run() async throws {
    Self.endsWellWhenStopped()
    let settings = try node.settings()
    let level = logLevel?.level ?? settings.logLevel.flatMap { Logger.Level(rawValue: $0) } ?? .info
    let logger = ConsoleLog.logger(level: level)
    // A member that waits for an answer gives up after a minute of silence, and another sync comes anyway.
    let opened = try node.openToSync(mostWaiting: .seconds(ServerLimits.fileSeconds))
    try await Daemon.run(
      node: opened,
      settings: DaemonSettings(
        listen: listen ?? settings.listen, intervalSeconds: interval ?? settings.interval ?? 300,
        tls: tls.resolved(settings)),
      logger: logger)
  }
}

extension ServeCommand {
  /// Until the daemon runs and stops by itself, nothing is lost by ending at once: that is no failure either.
  private static func endsWellWhenStopped() {
    for number in [SIGTERM, SIGINT] { signal(number) { _ in _exit(ExitCode.success.rawValue) } }
  }
}

/// A log level, as the settings write it.
struct LogLevel: ExpressibleByArgument {
  var level: Logger.Level

  init?(argument: String) {
    guard let level = Logger.Level(rawValue: argument) else { return nil }
    self.level = level
  }

  static var allValueStrings: [String] { Settings.logLevels }
}
