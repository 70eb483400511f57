import CatalogFiles
import Foundation
import SyncCore
import TestSupport

/// A catalog folder in a temporary place, removed with the object.
final class TestFolder {
  private let folder: TemporaryFolder
  var path: String { folder.path }

  init(_ files: [String: String]) throws {
    folder = try TemporaryFolder()
    for (name, text) in files { try folder.write(text, to: name) }
  }

  func write(_ bytes: [UInt8], to name: String) throws { try folder.write(bytes, to: name) }

  /// The path of a file as findings name it.
  func file(_ name: String) -> String { folder.file(name) }
}

/// A small catalog without a finding, to break in one place at a time.
enum SmallCatalog {
  static let files = [
    "catalog.toml": catalog, "codes.toml": codes, "kinds.toml": kinds, "indicators.toml": indicators,
  ]

  static let catalog = """
    # A small catalog.
    version = 3
    title = "Small"
    retired_kinds = [90]
    """

  static let codes = """
    axis = ["sectoral", "territorial"]
    sort = [
      "centre",
      "primary",
    ]
    """

  static let kinds = """
    [unit]
    id = 1
    title = "Units"
    class = "everyone"
    key = ["code"]
    retired = [60]

    [unit.groups]
    open = { id = 1, rule = "review" }

    [unit.fields]
    sort      = { id = 2, type = "code", codes = "sort", rule = "frozen" }
    status    = { id = 3, type = "code", codes = ["member", "none"] }
    opened_on = { id = 4, type = "date", group = "open" }
    closed_on = { id = 5, type = "date", group = "open" }
    tags      = { id = 6, type = "set" }
    seats     = { id = 7, type = "integer", minimum = 0, maximum = 9, rule = "max" }
    contact   = { id = 8, type = "text", local = true }
    person    = { id = 9, type = "ref", to = "person", local = true }
    fee       = { id = 10, type = "money", currency = "currency" }
    currency  = { id = 11, type = "text" }
    old       = { id = 12, type = "text", deprecated = true }

    [link]
    id = 2
    class = "federation"
    key = [
      { name = "child", type = "ref", to = "unit" },
      { name = "axis", type = "code", codes = "axis" },
      { name = "since", type = "date" },
    ]
    [link.fields]
    parent = { id = 1, type = "ref", to = "unit" }
    until  = { id = 2, type = "date" }

    [count]
    id = 3
    class = "federation"
    deletion = "delete_wins"
    key = [
      { name = "unit", type = "ref", to = "unit" },
      { name = "as_of", type = "date" },
      { name = "axis", type = "code", codes = "axis" },
    ]
    [count.fields]
    heads = { id = 1, type = "integer", rule = "owner" }
    note  = { id = 2, type = "text" }

    [stated]
    id = 4
    class = "everyone"
    append_only = true
    key = [ # stated
      { name = "unit", type = "ref", to = "unit" },
      "measure",
      { name = "as_of", type = "date" },
      "source",
    ]
    [stated.fields]
    value = { id = 1, type = "integer" }

    [person]
    id = 5
    class = "local"
    [person.fields]
    name = { id = 1, type = "text" }
    """

  static let indicators = """
    [units.tree]
    kind = "unit"
    sort = "sort"
    opened = "opened_on"
    closed = "closed_on"
    status = "status"
    statuses = ["member"]
    links = "link"
    parent = "parent"
    link_end = "until"

    [[indicator]]
    id = "heads"
    definition = "stock"
    units = "tree"
    kind = "count"
    axis = "territorial"
    value = "heads"
    excluded_sorts = ["centre"]
    expected_sorts = ["primary"]
    published = { kind = "stated", measure = "heads", value = "value" }

    [[indicator]]
    id = "primaries"
    definition = "open_units"
    units = "tree"
    sort = "primary"
    published = { kind = "stated", measure = "primaries", value = "value" }

    [[indicator]]
    id = "heads_each"
    definition = "ratio"
    numerator = "heads"
    denominator = "primaries"
    factor = 100
    """

  /// The files with one text of one of them replaced.
  static func files(_ file: String, replacing old: String, with new: String) -> [String: String] {
    var files = files
    files[file] = files[file, default: ""].replacingOccurrences(of: old, with: new)
    return files
  }
}
