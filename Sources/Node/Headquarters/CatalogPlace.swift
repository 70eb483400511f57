import Foundation

/// Where the catalog's files are if nobody names a folder.
package enum CatalogPlace {
  /// The folder of the catalog: in the working folder, else installed with the program, else in the sources from which the
  /// program was built.
  ///
  /// - Throws: `NodeError` with code `config` if there is none.
  package static func find() throws -> String {
    var places = ["Config/catalog"]
    // Not the first argument: that is only a name if the shell found the program through PATH.
    var folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    while folder.path != "/" {
      folder.deleteLastPathComponent()
      places += ["share/birlik/catalog", "Config/catalog"].map { folder.appendingPathComponent($0).path }
    }
    places.append("/usr/share/birlik/catalog")
    for place in places where FileManager.default.fileExists(atPath: place + "/catalog.toml") { return place }
    throw NodeError(
      .config, "looking for the catalog", "no catalog was found",
      hint: "copy Config/catalog of Birlik's sources to /usr/share/birlik/catalog, or name its folder with --catalog")
  }
}
