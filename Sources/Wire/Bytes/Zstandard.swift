import CZstd

/// Compression of segment bodies with libzstd, with bounded memory on both sides.
enum Zstandard {
  /// As small as gzip -6 at about a ninth of its time.
  static let level: Int32 = 3

  /// The compressed bytes, or nil when they would not be fewer.
  static func compress(_ bytes: [UInt8]) -> [UInt8]? {
    let bound = ZSTD_compressBound(bytes.count)
    guard ZSTD_isError(bound) == 0, !bytes.isEmpty else { return nil }
    var written = 0
    let packed = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
      written = bytes.withUnsafeBytes { source in
        ZSTD_compress(buffer.baseAddress, bound, source.baseAddress, source.count, level)
      }
      count = ZSTD_isError(written) == 0 ? written : 0
    }
    return ZSTD_isError(written) == 0 && written < bytes.count ? packed : nil
  }

  /// The unpacked bytes; nil unless there are exactly `size`.
  static func decompress(_ bytes: some Collection<UInt8>, size: Int) -> [UInt8]? {
    let packed = ContiguousArray(bytes)
    var written = 0
    let result = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      written = packed.withUnsafeBytes { source in
        ZSTD_decompress(buffer.baseAddress, size, source.baseAddress, source.count)
      }
      count = ZSTD_isError(written) == 0 ? written : 0
    }
    return ZSTD_isError(written) == 0 && written == size ? result : nil
  }
}
