import ArgumentParser
import Glibc
import Node

/// The program: one command line for clerks, administrators and scripts.
@main
struct Birlik: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "birlik",
    abstract: "Registers that are edited offline, merged, and consolidated at headquarters.",
    discussion: """
      At headquarters:
        birlik init --role headquarters --name "OTUTS" --database hq.db
        birlik invite ftuu --database hq.db
        birlik serve --database hq.db

      In a federation:
        birlik join INVITATION --database uz.db
        birlik set org_unit ftuu-001 name="Andijan" --database uz.db
        birlik sync --database uz.db

      The file is named by --database, else by BIRLIK_DATABASE, else in the settings file (--config, BIRLIK_CONFIG, or \
      \(NodeOptions.usualSettings)). Keys of several columns are written with slashes: ftuu-001/2026-09-30/territorial.

      It ends with 0 when all is well, 64 for a wrong call, 65 for wrong data, 69 when headquarters cannot be reached, \
      74 when a file cannot be read or written, 75 when something is busy and to be tried later, 77 when something is \
      not permitted and 78 when settings or files are missing or wrong.
      """,
    version: Program.version,
    groupedSubcommands: [
      CommandGroup(
        name: "Setting up",
        subcommands: [
          InitCommand.self, InviteCommand.self, JoinCommand.self, PinCommand.self, RotateTLSCommand.self,
          CatalogCommand.self,
        ]),
      CommandGroup(name: "Syncing", subcommands: [ServeCommand.self, SyncCommand.self, StatusCommand.self]),
      CommandGroup(
        name: "Trust", subcommands: [NodesCommand.self, RevokeCommand.self, RotateKeyCommand.self, EgressCommand.self]),
      CommandGroup(
        name: "Records",
        subcommands: [
          SetCommand.self, RemoveCommand.self, ShowCommand.self, ListCommand.self, HistoryCommand.self,
          ImportCommand.self, ExportCommand.self,
        ]),
      CommandGroup(name: "Merging", subcommands: [InboxCommand.self, ConflictsCommand.self, ResolveCommand.self]),
      CommandGroup(
        name: "Figures",
        subcommands: [
          TotalsCommand.self, DeriveCommand.self, VerifyCommand.self, AuditCommand.self, DemoCommand.self,
        ]),
    ])

  static func main() async {
    var command: any ParsableCommand
    // What the parser finds, it explains itself.
    do { command = try parseAsRoot() } catch { exit(withError: error) }
    do {
      if var asyncCommand = command as? any AsyncParsableCommand {
        try await asyncCommand.run()
      } else {
        try command.run()
      }
    } catch {
      // Help is asked for by an error of the parser's own.
      guard exitCode(for: error) != .success, let failure = Failure(error) else { exit(withError: error) }
      StandardError.write("birlik: \(failure.sentence)")
      Glibc.exit(failure.status.rawValue)
    }
  }
}
