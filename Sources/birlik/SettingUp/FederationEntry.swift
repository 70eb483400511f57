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
  /// - Throws: `Failure` for a code that a person at the terminal does not confirm, and for a name that is missing though a
  ///   country was given.
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
        "\(code) is registered, but \(status.isEmpty ? "has no status" : "its status is '\(status)'"), so the totals list "
          + "it as no member; \(command.map { "`\($0)`" } ?? "birlik set") makes it one")
      return true
    case .unregistered: break
    }
    try doubt(register)
    guard let name = try name() else {
      StandardError.printNote(
        "\(code) is not registered, and the totals say so; \(completeCommand(extra: "")) registers it")
      return false
    }
    let country =
      command.country ?? ask("Its country, such as UZB (nothing for none): ", mayBeEmpty: true) ?? ""
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
      throw Failure(
        .usage, "'\(code)' looks like \(known), which is known, so nobody was invited",
        hint: "correct the code; if it is meant as it is, add --new: \(completeCommand(extra: " --new"))")
    }
    // A script has nobody to ask. Real codes are as near as ftuu and ftuk, so it is not refused.
    StandardError.printNote(
      "'\(code)' looks like \(known), which is known: if it is a slip of the pen, give the invitation to nobody and invite "
        + "the right code; --new says that it is meant as it is")
  }

  /// The name of a new federation; nil where it is not to be registered, and where there is nobody to ask.
  private func name() throws -> String? {
    if command.unregistered { return nil }
    if let name = command.federationName {
      guard Self.isBlank(name) else { return name }
      throw Failure(.usage, "the name is empty, so nobody was invited", hint: "type \(completeCommand(extra: ""))")
    }
    if let typed = ask("The name of \(code), which is not registered yet: ", mayBeEmpty: false) { return typed }
    guard command.country == nil, !Terminal.isTerminal(Terminal.input) else {
      throw Failure(
        .usage, "\(code) is not registered, and its name was not given, so nobody was invited",
        hint: "type \(completeCommand(extra: "")); --unregistered invites it all the same")
    }
    return nil
  }

  private func ask(_ question: String, mayBeEmpty: Bool) -> String? {
    guard Terminal.isTerminal(Terminal.input), let typed = Terminal.ask(question) else { return nil }
    return mayBeEmpty || !typed.isEmpty ? typed : nil
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
