import Foundation
import Glibc
import TestSupport

/// Somebody who works on this machine: programs run with their user and groups. Only root can do that.
enum MachineUser {
  /// As which the daemon runs, and to whom the database and the keys belong.
  case service
  /// In the service's group: may write what the group may write.
  case clerk
  /// In no group of it: may read what everybody may read.
  case reader

  static let isRoot = geteuid() == 0
  static let serviceID = 12_345

  private var privileges: [String] {
    switch self {
    case .service: ["--reuid=\(Self.serviceID)", "--regid=\(Self.serviceID)", "--clear-groups"]
    case .clerk: ["--reuid=12346", "--regid=12346", "--groups=\(Self.serviceID)"]
    case .reader: ["--reuid=12347", "--regid=12347", "--clear-groups"]
    }
  }

  /// Starts `birlik` as this user.
  func start(_ arguments: [String], in folder: CommandFolder, input: String = "") throws -> RunningProgram {
    try folder.start("setpriv", privileges + [CommandFolder.program] + arguments, input: input)
  }

  /// Runs `birlik` as this user to its end.
  func run(_ arguments: String..., in folder: CommandFolder, input: String = "") async throws -> ProgramResult {
    try await start(arguments, in: folder, input: input).result(within: .seconds(120))
  }

  /// Runs another program as this user to its end.
  func run(program: String, _ arguments: [String], in folder: CommandFolder) async throws -> ProgramResult {
    try await folder.start("setpriv", privileges + [program] + arguments).result(within: .seconds(120))
  }

  /// Makes a folder that belongs to the service, as `systemd-tmpfiles` does.
  ///
  /// - Parameter mode: who may look into it and make files there.
  static func makeServiceFolder(_ name: String, mode: mode_t = 0o2775, in folder: CommandFolder) throws {
    _ = chmod(folder.path, 0o755)
    try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: false)
    _ = chown(folder.file(name), uid_t(serviceID), gid_t(serviceID))
    _ = chmod(folder.file(name), mode)
  }

  /// The owner and the mode of every file in a folder, by name.
  static func files(in folder: String) throws -> [String: (owner: Int, group: Int, mode: Int)] {
    var found: [String: (owner: Int, group: Int, mode: Int)] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
      var info = stat()
      guard lstat(folder + "/" + name, &info) == 0 else { continue }
      found[name] = (Int(info.st_uid), Int(info.st_gid), Int(info.st_mode & 0o7777))
    }
    return found
  }
}
