import ArgumentParser
import Glibc
import Node

/// The program: one command line for clerks, administrators and scripts.
@main
struct Birlik: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "birlik",
    abstract: "Registers that are edited offline, merged, and added up at headquarters.",
    discussion: """
      At headquarters:
        birlik init --role headquarters --name "OTUTS" --database hq.db
        birlik serve --database hq.db
        birlik invite ftuu --url https://NAME:PORT --database hq.db

      In a federation:
        birlik join INVITATION --database uz.db
        birlik set org_unit ftuu-001 name="Andijan" --database uz.db
        birlik sync --database uz.db

      The database is named by --database, else by BIRLIK_DATABASE, else in the settings file (--config, BIRLIK_CONFIG, or \
      \(NodeOptions.usualSettings)). Keys of several columns are written with slashes: ftuu-001/2026-09-30/territorial. \
      What begins with a hyphen and is no option comes after --, at the end: birlik show org_unit --json -- -x

      Exit codes: 0 success, 64 wrong usage, 65 wrong data, 69 headquarters cannot be reached, 74 a file cannot be read \
      or written, 75 busy, try later, 77 not permitted, 78 settings or files are missing or wrong.
      """,
    version: Program.version,
    groupedSubcommands: [
      CommandGroup(
        name: "Setting up",
        subcommands: [
          InitCommand.self, InviteCommand.self, JoinCommand.self, PinCommand.self, RotateTLSCommand.self,
          CatalogCommand.self, BackupCommand.self,
        ]),
      CommandGroup(name: "Syncing", subcommands: [ServeCommand.self, SyncCommand.self, StatusCommand.self]),
      CommandGroup(
        name: "Trust", subcommands: [NodesCommand.self, RevokeCommand.self, RotateKeyCommand.self, EgressCommand.self]),
      CommandGroup(
        name: "Records",
        subcommands: [
          SetCommand.self, RemoveCommand.self, WithdrawCommand.self, RekeyCommand.self, ShowCommand.self,
          ListCommand.self, HistoryCommand.self, ImportCommand.self, ExportCommand.self,
        ]),
      CommandGroup(
        name: "Merging",
        subcommands: [
          InboxCommand.self, HeldCommand.self, UndoCommand.self, ConflictsCommand.self, ResolveCommand.self,
        ]),
      CommandGroup(
        name: "Figures",
        subcommands: [
          TotalsCommand.self, CheckCommand.self, DeriveCommand.self, VerifyCommand.self, AuditCommand.self,
          DemoCommand.self,
        ]),
    ])

  static func main() async {
    let arguments = CallArguments(Array(CommandLine.arguments.dropFirst()))
    StandardError.isJSON = arguments.asksForJSON
    if let failure = CommandNames.failure(in: arguments.words) { end(with: failure) }
    var command: any ParsableCommand
    do { command = try parseAsRoot(arguments.words) } catch { endParsing(with: error) }
    do {
      if var asyncCommand = command as? any AsyncParsableCommand {
        try await asyncCommand.run()
      } else {
        try command.run()
      }
    } catch {
      end(with: error)
    }
  }

  /// Says what is wrong, and ends with its code.
  private static func end(with error: any Error) -> Never {
    guard exitCode(for: error) != .success, let failure = Failure(error) else { endParsing(with: error) }
    StandardError.print(failure)
    Glibc.exit(failure.status.rawValue)
  }

  /// Ends with an error of the parser, which explains its own best to a person.
  private static func endParsing(with error: any Error) -> Never {
    // It also throws to print help, and to end with a code when everything was said.
    guard StandardError.isJSON, exitCode(for: error) != .success, !(error is ExitCode) else { exit(withError: error) }
    StandardError.print(
      Failure(.usage, message(for: error), hint: "`birlik help` and `birlik help COMMAND` explain it"))
    Glibc.exit(exitCode(for: error).rawValue)
  }
}
