import ArgumentParser
import SyncCore

/// `field=value` on the command line. The value may hold further equals signs; an empty one means NULL.
struct Assignment: ExpressibleByArgument {
  var field: String
  var text: String

  init?(argument: String) {
    guard let sign = argument.firstIndex(of: "="), sign > argument.startIndex else { return nil }
    field = String(argument[..<sign])
    text = String(argument[argument.index(after: sign)...])
  }

  /// - Throws: `ValidationError` when a field is given twice.
  static func checkDistinct(_ assignments: [Assignment]) throws {
    for (index, one) in assignments.enumerated()
    where assignments[..<index].contains(where: { $0.field.sameBytes(as: one.field) }) {
      throw ValidationError("The field '\(one.field)' is given twice.")
    }
  }
}
