import Store
import SyncCore

/// `birlik verify --capture`: compares the rows with the log and prints the differences, for people and scripts.
struct RowCheckRun {
  let takes: Bool
  let asJSON: Bool

  /// How many differences are listed one by one for a person.
  private static let shown = 100

  /// - Throws: the exit status for wrong data when differences were found and not captured.
  func run(_ store: Store, options: String) throws {
    let output = Output()
    var count = 0
    if asJSON { output.write(Array("{\"differences\":[".utf8)) }
    let report = try store.checkRows(takes: takes) { difference in
      defer { count += 1 }
      if asJSON {
        output.write((count == 0 ? [] : [UInt8(ascii: ",")]) + Self.json(difference, takes: takes).bytes)
      } else if count < Self.shown {
        output.print(Self.words(difference))
      }
    }
    let ok = report.differences == 0 || (takes && report.waiting == 0)
    if asJSON {
      output.write(Array("],\"ok\":\(ok),\"records\":\(report.records),\"unknown\":\(report.unknown),".utf8))
      output.write(Array("\"taken\":\(report.taken),\"put_back\":\(report.putBack)}\n".utf8))
    } else {
      if count > Self.shown { output.print("and \(Words.count(count - Self.shown, "more"))") }
      print(report, options, to: output)
    }
    try output.finish()
    if !ok { throw ExitStatus.data.exit }
  }

  private static func json(_ difference: RowDifference, takes: Bool) -> JSON {
    [
      "kind": .string(difference.kind), "key": .string(difference.key), "what": .string(difference.sort.rawValue),
      "fields": .array(
        difference.fields.map { field in
          let types = ColumnTypes(nil)
          return [
            "field": .string(field.name), "old": types.json(field.old, of: field.name),
            "new": types.json(field.new, of: field.name),
          ]
        }),
      "taken": .bool(takes && difference.refusal == nil), "refusal": .string(difference.refusal),
    ]
  }

  private static func words(_ difference: RowDifference) -> String {
    let value = { (value: Value) in value.isNull ? Words.nothing : value.display }
    let fields = difference.fields.map { field in
      switch difference.sort {
      case .inserted: "\(field.name)=\(value(field.new))"
      case .deleted: "\(field.name)=\(value(field.old))"
      case .edited: "\(field.name): \(value(field.old)) → \(value(field.new))"
      }
    }
    let title = "\(difference.kind) \(difference.key)  \(difference.sort.rawValue)"
    let refusal = difference.refusal.map { "  (cannot be captured: \($0))" } ?? ""
    return title + (fields.isEmpty ? "" : "  " + fields.joined(separator: ", ")) + refusal
  }

  private func print(_ report: RowCheckReport, _ options: String, to output: Output) {
    let records = Words.count(report.records, "record")
    if report.unknown > 0 {
      output.print("Of \(Words.count(report.unknown, "record")) the log no longer holds enough to compare.")
    }
    if report.differences == 0 { return output.print("Every edit was captured: \(records) compared.") }
    let found = Words.count(report.differences, "record")
    if takes {
      output.print(
        "\(found) of \(records) had been changed unseen by the triggers: \(Words.grouped(report.taken)) captured, "
          + "\(Words.grouped(report.putBack)) put back (`birlik inbox`). `birlik sync` sends them.")
      guard report.waiting > 0 else { return }
      output.print(
        "\(Words.count(report.waiting, "record")) changed by somebody else meanwhile \(report.waiting == 1 ? "waits" : "wait") "
          + "for you: `birlik held\(options)`.")
    } else {
      output.print(
        "\(found) of \(records) changed unseen by the triggers: `birlik verify --capture --take\(options)` captures them."
      )
    }
  }
}
