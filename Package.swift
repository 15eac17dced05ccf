// swift-tools-version: 6.2
import PackageDescription

let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let tomlkit = Target.Dependency.product(name: "TOMLKit", package: "TOMLKit")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

/// A module and its tests; `needs` are the arrows of the architecture, which the tidy test asserts.
func module(_ name: String, needs: [Target.Dependency], tests: [Target.Dependency] = []) -> [Target] {
    [
        .target(name: name, dependencies: needs, swiftSettings: house),
        .testTarget(
            name: name + "Tests", dependencies: [.target(name: name), "Chance"] + needs + tests,
            swiftSettings: house),
    ]
}

let package = Package(
    name: "parley",
    products: [
        .executable(name: "parley", targets: ["parley"]),
        .executable(name: "parley-powercut", targets: ["ParleyDurability"]),
    ],
    traits: [
        .trait(name: "PlantedFlaws", description: "Lets a harness plant errors that it must catch."),
        .trait(name: "Fuzzing", description: "Makes parley-fuzz a program of libFuzzer: Scripts/fuzz."),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    ],
    targets: [
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])])
    ]
        + module("ParleyCore", needs: [])
        + [.systemLibrary(name: "CLinux"), .systemLibrary(name: "CSQLite")]
        + module("ParleyTransport", needs: ["CLinux", crypto])
        + module("ParleyProtocol", needs: ["ParleyCore", "CZstd", crypto])
        + module("ParleyTrust", needs: ["ParleyCore", crypto])
        + module("ParleyStore", needs: ["ParleyCore", "CSQLite", grdb, grdbSQLite])
        + module("ParleyExchange", needs: ["ParleyCore", yams])
        + module("ParleyAnalysis", needs: ["ParleyCore"], tests: ["ParleyExchange"])
        + module("ParleyClient", needs: ["ParleyCore", "ParleyProtocol", "ParleyStore", "ParleyTrust", grdb])
        + module(
            "ParleyServer",
            needs: ["ParleyCore", "ParleyProtocol", "ParleyStore", "ParleyTrust", logging, crypto])
        + module("ParleyTerminal", needs: ["ParleyCore"])
        + [
            .testTarget(
                name: "ParleySyncTests",
                dependencies: [
                    "ParleyCore", "ParleyProtocol", "ParleyTrust", "ParleyStore", "ParleyClient",
                    "ParleyServer",
                    logging, grdb,
                ],
                swiftSettings: house),
            .testTarget(
                name: "ParleyProcessTests",
                dependencies: ["CLinux", "ParleyTransport", "ParleyTrust", crypto],
                swiftSettings: house),
            .target(name: "Chance", path: "Tests/Chance", swiftSettings: house),
            .target(
                name: "CFaultyDisk", path: "Tests/CFaultyDisk", linkerSettings: [.linkedLibrary("sqlite3")]),
            .executableTarget(
                name: "ParleyDurability",
                dependencies: [
                    "CFaultyDisk", "Chance", "ParleyCore", "ParleyProtocol", "ParleyTrust", "ParleyStore",
                    "ParleyClient", "ParleyServer", logging, grdb,
                ],
                path: "Tests/ParleyDurability", swiftSettings: house),
            .testTarget(name: "ParleyTidyTests", swiftSettings: house),
            .target(
                name: "ParleyFuzz",
                dependencies: [
                    "Chance", "ParleyCore", "ParleyProtocol", "ParleyTransport", "ParleyTrust",
                    "ParleyExchange",
                    "ParleyClient", "ParleyServer", crypto, logging,
                ],
                path: "Tests/ParleyFuzz", swiftSettings: house),
            .executableTarget(
                name: "parley-fuzz", dependencies: ["ParleyFuzz"], path: "Tests/ParleyFuzzer",
                swiftSettings: house),
            .testTarget(name: "ParleyFuzzTests", dependencies: ["ParleyFuzz"], swiftSettings: house),
            .executableTarget(
                name: "parley-simulate",
                dependencies: [
                    "Chance", "ParleyCore", "ParleyProtocol", "ParleyTrust", "ParleyStore", "ParleyClient",
                    "ParleyServer",
                    logging, grdb, grdbSQLite,
                ],
                path: "Tests/ParleySimulation", swiftSettings: house),
            .executableTarget(
                name: "parley",
                dependencies: [
                    "ParleyCore", "ParleyProtocol", "ParleyTrust", "ParleyStore", "ParleyExchange",
                    "ParleyAnalysis", "ParleyClient",
                    "ParleyServer", "ParleyTerminal", "ParleyTransport", arguments, logging, tomlkit,
                ],
                swiftSettings: house),
            .testTarget(
                name: "ParleyCommandTests",
                dependencies: [
                    "parley", "ParleyCore", "ParleyProtocol", "ParleyTrust", "ParleyStore", "ParleyAnalysis",
                    "ParleyClient", "ParleyTerminal", "ParleyTransport", arguments,
                ],
                swiftSettings: house),
        ]
)
