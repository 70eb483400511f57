// swift-tools-version:6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

// The fuzzers have no main of their own, so they stand apart from everyday builds: `.ci/fuzz` asks for them. What they
// feed is built so that they see which way it goes.
let isFuzzing = Context.environment["BIRLIK_FUZZ"] != nil
let sanitized = ["-sanitize=fuzzer,address"]
let fed = strict + (isFuzzing ? [.unsafeFlags(sanitized)] : [])

let package = Package(
  name: "birlik",
  products: [
    .executable(name: "birlik", targets: ["birlik"])
  ],
  dependencies: [
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/apple/swift-algorithms", from: "1.2.1"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-http-structured-headers", from: "1.7.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    .package(url: "https://github.com/swiftcsv/SwiftCSV", from: "0.10.0"),
  ],
  targets: [
    // Pure: no clock, no disk, no network, no Foundation.
    .target(
      name: "SyncCore", dependencies: [.product(name: "Algorithms", package: "swift-algorithms")], swiftSettings: fed),
    .target(name: "Consolidation", dependencies: ["SyncCore"], swiftSettings: strict),

    // Many nodes, one seed, no I/O: as pure as what it plays on.
    .target(
      name: "Simulation",
      dependencies: ["SyncCore", "Consolidation", .product(name: "Algorithms", package: "swift-algorithms")],
      swiftSettings: strict),
    // A tool for those who work on Birlik: it looks for histories that break a promise.
    .executableTarget(
      name: "birlik-simulate",
      dependencies: ["Simulation", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      swiftSettings: strict),

    // How large, long, deep and many anything from outside may be: one file.
    .target(name: "Limits", swiftSettings: fed),

    // Bytes.
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .target(
      name: "Wire",
      dependencies: [
        "SyncCore", "Limits", "CZstd",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "RawStructuredFieldValues", package: "swift-http-structured-headers"),
      ],
      swiftSettings: fed),
    // The catalog and the published figures, within the program: the target's folder has links to them.
    .target(
      name: "ShippedFiles", resources: [.embedInCode("catalog"), .embedInCode("otuts")], swiftSettings: strict),
    .target(
      name: "CatalogFiles",
      dependencies: ["SyncCore", "Limits", "ShippedFiles", .product(name: "TOMLKit", package: "TOMLKit")],
      swiftSettings: strict),

    .target(name: "Settings", dependencies: ["CatalogFiles", "Limits", "SyncCore"], swiftSettings: strict),

    // Disk.
    .target(
      name: "CSQLiteShim",
      dependencies: [.product(name: "GRDBSQLite", package: "GRDB.swift")]),
    .target(
      name: "Store",
      dependencies: [
        "SyncCore", "Consolidation", "Limits", "Wire", "CSQLiteShim",
        .product(name: "Algorithms", package: "swift-algorithms"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ],
      swiftSettings: strict),

    // Network.
    .systemLibrary(
      name: "CCurlSystem", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .target(name: "CCurl", dependencies: ["CCurlSystem"]),
    .target(
      name: "Transport",
      dependencies: ["CCurl", "Limits", .product(name: "HTTPTypes", package: "swift-http-types")],
      swiftSettings: strict),
    .target(
      name: "Server",
      dependencies: [
        "SyncCore", "Limits", "Wire",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "X509", package: "swift-certificates"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: strict),

    // The whole.
    .target(
      name: "Node",
      dependencies: [
        "SyncCore", "Consolidation", "Limits", "Wire", "CatalogFiles", "Settings", "Store", "Transport", "Server",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        .product(name: "SwiftCSV", package: "SwiftCSV"),
      ],
      swiftSettings: strict),
    // The main job on the published figures, in one process.
    .target(
      name: "Demo",
      dependencies: [
        "Node", "Server", "Store", "Consolidation", "SyncCore", "ShippedFiles",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "birlik",
      dependencies: [
        "Demo", "Node", "Settings", "Store", "SyncCore", "Consolidation", "CatalogFiles", "Limits", "Wire", "Server",
        "Transport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    // A tool for those who work on Birlik: speed and size as ratios of one run.
    .executableTarget(
      name: "birlik-benchmark",
      dependencies: [
        "Node", "Store", "SyncCore", "Wire", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),

    // Sets how many tests run at once, before they are read.
    .target(name: "Width", path: "Tests/Width"),
    // What several test targets need: seeded random numbers, temporary folders, programs, ports, waiting.
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
    .testTarget(name: "SyncCoreTests", dependencies: ["SyncCore", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "ConsolidationTests", dependencies: ["Consolidation", "SyncCore", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "SimulationTests", dependencies: ["Simulation", "SyncCore"], resources: [.copy("failed-seeds.txt")],
      swiftSettings: strict),
    .testTarget(
      name: "WireTests",
      dependencies: [
        "Limits", "Wire", "SyncCore", "TestSupport",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
      ],
      exclude: ["second_reader"], swiftSettings: strict),
    .testTarget(
      name: "CatalogFilesTests",
      dependencies: ["CatalogFiles", "ShippedFiles", "Limits", "SyncCore", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "SettingsTests", dependencies: ["Settings", "CatalogFiles", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "StoreTests",
      dependencies: [
        "Store", "CatalogFiles", "Limits", "Wire", "SyncCore", "TestSupport",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "TransportTests",
      dependencies: [
        "Transport", "Server", "Limits", "TestSupport", .product(name: "HTTPTypes", package: "swift-http-types"),
      ],
      swiftSettings: strict),
    .testTarget(name: "DemoTests", dependencies: ["Demo", "Node", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "SystemdTests", dependencies: ["birlik", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "NodeTests",
      dependencies: [
        "Node", "Settings", "Store", "Limits", "birlik", "Width", "TestSupport",
        .product(name: "HTTPTypes", package: "swift-http-types"),
      ],
      exclude: ["Clock"], swiftSettings: strict),
  ]
)

if isFuzzing {
  for decoder in ["Segment", "Exchange"] {
    package.targets.append(
      .executableTarget(
        name: "Fuzz" + decoder, dependencies: ["Wire", "SyncCore"], path: "Tests/Fuzz/" + decoder,
        swiftSettings: fed + [.unsafeFlags(["-parse-as-library"])], linkerSettings: [.unsafeFlags(sanitized)]))
  }
}
