import ArgumentParser
import Node
import Store
import SyncCore

/// Resolves a conflict, or many of one kind.
struct ResolveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resolve",
    abstract: "birlik resolve org_unit ftuu-001 name --take \"Textile workers of Andijan\"",
    discussion: """
      --keep confirms the value that is shown; --take shows another one instead, one of the conflict's or a new one; \
      --from shows the one that a node gave, --take-theirs the other one where there is only one. For a group of fields \
      give the name of the node whose values to take. This is an ordinary edit, which closes the conflict on every node. \
      `birlik conflicts` prints the commands to use.

      With --all in place of the key and the field it decides all conflicts of the kind alike, or those that --field, \
      --where and --given-by select; --dry-run says how many these are, whose values would be shown and set aside, and \
      which totals would change. What cannot be decided so stays open, and is counted:
        birlik resolve membership_return --all --field counts --keep --dry-run
        birlik resolve membership_return --all --from ftuu/Samarkand --where axis=territorial
      """)

  @Argument(help: "The kind, such as org_unit: a table of the file.")
  var kind: String

  @Argument(help: "The record's key; of several columns with slashes, such as ftuu-001/2026-09-30/territorial.")
  var key: String?

  @Argument(help: ArgumentHelp("The field as `birlik conflicts` names it.", valueName: "field"))
  var fieldName: String?

  @Option(help: ArgumentHelp("Show this value instead.", valueName: "value"))
  var take: String?

  @Option(help: ArgumentHelp("Show the value that this node gave instead.", valueName: "node"))
  var from: String?

  @Flag(help: "Show the other value instead, where there is only one.")
  var takeTheirs = false

  @Flag(help: "Keep the value that is shown.")
  var keep = false

  @Flag(help: "Decide all conflicts of the kind, or those that the options select.")
  var all = false

  @Option(help: ArgumentHelp("With --all: only conflicts in this field.", valueName: "field"))
  var field: String?

  @Option(
    help: ArgumentHelp(
      "With --all: only records that show this value; may be given several times.", valueName: "field=value"))
  var `where`: [Assignment] = []

  @Option(help: ArgumentHelp("With --all: only conflicts in which this node gave a value.", valueName: "node"))
  var givenBy: String?

  @Flag(help: "With --all: say what would be decided, and change nothing.")
  var dryRun = false

  @OptionGroup var owner: OwnerOption
  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard [keep, take != nil, from != nil, takeTheirs].count(where: { $0 }) == 1 else {
      throw ValidationError("Give either --take VALUE, --from NODE, --take-theirs or --keep.")
    }
    guard !all else {
      guard key == nil else { throw ValidationError("Give either --all, or the key and the field of one conflict.") }
      return
    }
    guard key != nil, fieldName != nil else {
      throw ValidationError("Give the key of the record and the field, or --all.")
    }
    guard field == nil, `where`.isEmpty, givenBy == nil, !dryRun else {
      throw ValidationError("--field, --where, --given-by and --dry-run go with --all.")
    }
  }

  func run() throws {
    let store = try node.open().store
    let decision: Store.Decision = take.map { .take($0) } ?? from.map { .from($0) } ?? (takeTheirs ? .theirs : .keep)
    guard let key, let fieldName else {
      var values = `where`.map { (column: $0.field, text: $0.text) }
      if let federation = owner.federation { values.append(("federation", federation)) }
      let selection = ConflictSelection(kind: kind, field: field, values: values, node: givenBy)
      let report = try store.resolveAll(selection, decision, isDryRun: dryRun)
      return try BulkResolutionText(report, kind: kind, isDryRun: dryRun, next: Self.next(store)).write(
        asJSON: output.json)
    }
    try store.resolve(kind: kind, key: key, field: fieldName, decision: decision, owner: owner.federation)
    if output.json {
      return try Output.answer([
        "kind": .string(kind), "key": .string(key), "field": .string(fieldName), "outcome": "resolved",
      ])
    }
    try Output.print("\(kind) \(key), \(fieldName): resolved; \(Self.next(store)).")
  }

  /// What happens to a decision now.
  private static func next(_ store: Store) -> String {
    store.identity.keyProblem == nil
      ? "the next sync sends it to the others"
      : "the service sends it to the others at its next sync, and `birlik conflicts` lists it until then"
  }
}
