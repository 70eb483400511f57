import Node
import SyncCore

/// Brings a federation that is invited into headquarters' register, with what its options say or a person at the terminal
/// answers.
struct FederationEntry {
  private let command: InviteCommand
  private var code: String { command.federation }

  init(_ command: InviteCommand) { self.command = command }

  /// Registers the federation if it is not registered yet, and says what keeps it out of the totals.
  ///
  /// - Returns: whether it is in the register now.
  /// - Throws: `Failure` for a code that may be a slip of the pen, and where name and country are missing.
  func register(in register: FederationRegister) throws -> Bool {
    switch try register.standing(of: code) {
    case .unknown: return false
    case .registered:
      if command.federationName != nil || command.country != nil {
        StandardError.printNote(
          "\(code) is registered already, and its record is left as it is; `birlik show \(register.kind) "
            + "\(code)\(command.node.repeated)` shows it")
      }
      return true
    case .withoutTotals(let status):
      let command = ShellWords.command(
        "set", [register.kind, code, register.statusAssignment(of: code)], options: command.node.repeated)
      StandardError.printNote(
        "\(code) is registered, but \(status.isEmpty ? "has no status" : "its status is '\(status)'"), so the totals do not "
          + "count it as a member; \(command.map { "`\($0)`" } ?? "birlik set") makes it one")
      return true
    case .unregistered: break
    }
    try doubt(register)
    guard !command.unregistered else {
      StandardError.printNote(
        "\(code) is not registered, and the totals say so; \(completeCommand(extra: "")) registers it")
      return false
    }
    let name = try answer(command.federationName, "The name of \(code), which is not registered yet: ")
    let country = try answer(command.country, "Its country, such as UZB (nothing for none): ", mayBeEmpty: true)
    try register.register(code, name: name, country: country)
    StandardError.printNote("\(code) is registered as \(register.status(of: code)): \(name)")
    return true
  }

  private func doubt(_ register: FederationRegister) throws {
    guard !command.new, case let similar = try register.similar(to: code), !similar.isEmpty else { return }
    let known = similar.map { "'\($0)'" }.joined(separator: ", ")
    if Terminal.isTerminal(Terminal.input) {
      let typed = Terminal.ask(
        "'\(code)' looks like \(known), which is known. Type \(code) once more if it is a new one: ")
      if let typed, typed.sameBytes(as: code) { return }
    }
    throw Failure(
      .usage, "'\(code)' looks like \(known), which is known, so nobody was invited",
      hint: "correct the code; if it is meant as it is, add --new: \(completeCommand(extra: " --new"))")
  }

  private func answer(_ option: String?, _ question: String, mayBeEmpty: Bool = false) throws -> String {
    if let option, mayBeEmpty || !Self.isBlank(option) { return option }
    if Terminal.isTerminal(Terminal.input), let typed = Terminal.ask(question), mayBeEmpty || !typed.isEmpty {
      return typed
    }
    throw Failure(
      .usage,
      "\(code) is not registered, and its \(mayBeEmpty ? "country" : "name") was not given, so nobody was invited",
      hint: "type \(completeCommand(extra: command.new ? " --new" : "")); --unregistered invites it all the same")
  }

  private static func isBlank(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }

  /// The command that registers and invites, with what was given and in capitals what was not.
  private func completeCommand(extra: String) -> String {
    let name = command.federationName.flatMap { Self.isBlank($0) ? nil : $0 }
    let options =
      (command.office.map { " " + ShellWords.option("--office", $0) } ?? "")
      + " " + ShellWords.option("--federation-name", name ?? "NAME")
      + " " + ShellWords.option("--country", command.country ?? "COUNTRY") + extra
      + (command.url.map { " " + ShellWords.option("--url", $0) } ?? "") + command.node.repeated
    return "`birlik invite \(code)\(options)`"
  }
}
