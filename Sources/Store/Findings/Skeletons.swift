import Foundation
import SyncCore

/// The skeletons of texts as SQLite gives them; Foundation adds the form NFKD.
enum Skeletons {
  /// A hash that texts which look alike share.
  static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    LookAlike.hash(ascii: bytes) ?? LookAlike.hash(ofSkeleton: skeleton(String(decoding: bytes, as: UTF8.self)).utf8)
  }

  static func hash(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBufferPointer { hash($0) } }

  static func skeleton(_ bytes: [UInt8]) -> [UInt8] {
    bytes.withUnsafeBufferPointer { LookAlike.skeleton(ascii: $0) }
      ?? Array(skeleton(String(decoding: bytes, as: UTF8.self)).utf8)
  }

  private static func skeleton(_ text: String) -> String {
    LookAlike.skeleton(text) { $0.decomposedStringWithCompatibilityMapping }
  }
}
