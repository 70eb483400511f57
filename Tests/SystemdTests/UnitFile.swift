import Foundation
import TestSupport

/// A unit file of the product, read as systemd reads it, as far as the checks need it.
struct UnitFile {
  static let folder = Repository.folder.appendingPathComponent("systemd")

  static let services = ["birlik.service", "birlik-sync.service"]
  static let all = services + ["birlik-sync.timer"]

  let text: String
  /// Every line of the form key=value, in order, with its section.
  let settings: [Setting]

  struct Setting: Equatable {
    let section: String, key: String, value: String
  }

  init(_ name: String) throws {
    text = try String(contentsOf: Self.folder.appendingPathComponent(name), encoding: .utf8)
    var section = ""
    var settings: [Setting] = []
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      if line.hasPrefix("["), line.hasSuffix("]") {
        section = String(line.dropFirst().dropLast())
      } else if let equals = line.firstIndex(of: "=") {
        let value = line[line.index(after: equals)...]
        settings.append(Setting(section: section, key: String(line[..<equals]), value: String(value)))
      }
    }
    self.settings = settings
  }

  /// All values that a key was given, in order.
  func values(_ section: String, _ key: String) -> [String] {
    settings.filter { $0.section == section && $0.key == key }.map(\.value)
  }

  /// The value of a key that is given once.
  func value(_ section: String, _ key: String) -> String? {
    let values = values(section, key)
    return values.count == 1 ? values.first : nil
  }
}
