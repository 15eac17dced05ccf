import Foundation
import Testing

/// The style that a machine can check: the arrows between modules, lengths, leftovers.
@Suite("The house is tidy")
struct TidyTests {
    /// What each module may import of ours and of others. The arrows of the architecture: see README.
    static let arrows: [String: Set<String>] = [
        "ParleyCore": [],
        "ParleyTransport": ["CLinux", "Crypto", "Foundation", "Glibc", "Synchronization"],
        "ParleyProtocol": ["ParleyCore", "CZstd", "Crypto", "Foundation"],
        "ParleyTrust": ["ParleyCore", "Crypto", "Foundation", "Glibc"],
        "ParleyStore": ["ParleyCore", "CSQLite", "GRDB", "GRDBSQLite", "Foundation", "Synchronization"],
        "ParleyExchange": ["ParleyCore", "Yams", "Foundation"],
        "ParleyAnalysis": ["ParleyCore", "Foundation"],
        "ParleyClient": [
            "ParleyCore", "ParleyProtocol", "ParleyStore", "ParleyTrust", "Foundation", "Synchronization",
        ],
        "ParleyServer": [
            "ParleyCore", "ParleyProtocol", "ParleyStore", "ParleyTrust", "Crypto", "Foundation", "Glibc",
            "Logging",
        ],
        "ParleyTerminal": ["ParleyCore", "Foundation", "Glibc"],
        "parley": [
            "ParleyCore", "ParleyProtocol", "ParleyTrust", "ParleyStore", "ParleyExchange", "ParleyAnalysis",
            "ParleyClient", "ParleyServer", "ParleyTerminal", "ParleyTransport", "ArgumentParser", "Logging",
            "TOMLKit", "Foundation", "Glibc",
        ],
    ]

    @Test("every module imports only what its arrows allow", arguments: arrows.keys.sorted())
    func imports(module: String) throws {
        let files = try SourceTree.swiftFiles(in: "Sources/" + module)
        #expect(!files.isEmpty)
        for file in files {
            for name in file.imports {
                #expect(Self.arrows[module]?.contains(name) == true, "\(file.path) imports \(name)")
            }
        }
    }

    @Test("no module is missing from the arrows")
    func modules() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: SourceTree.root + "/Sources")
        let ours = folders.filter { !["CZstd", "CLinux", "CSQLite"].contains($0) }
        #expect(Set(ours) == Set(Self.arrows.keys))
    }

    @Test("no file is longer than 400 lines, and no function than 65")
    func lengths() throws {
        var functions = 0
        for file in try SourceTree.swiftFiles(in: "Sources") where !file.isGenerated {
            #expect(file.lines.count <= 400, "\(file.path) has \(file.lines.count) lines")
            for function in file.functions {
                #expect(function.length <= 65, "\(file.path):\(function.line) has \(function.length) lines")
                functions += 1
            }
        }
        print("promise: functions-measured count=\(functions)")
    }

    @Test("most functions are short: nine of ten stay within 25 lines")
    func median() throws {
        let lengths = try SourceTree.swiftFiles(in: "Sources").flatMap { $0.functions.map(\.length) }.sorted()
        #expect(lengths[lengths.count * 9 / 10] <= 25)
    }

    @Test("nothing is left over, and nothing is forced")
    func leftovers() throws {
        let words = [
            "TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK", "fatal" + "Error(", "try" + "!", "as" + "! ",
        ]
        let forced = ["@unchecked " + "Sendable", "nonisolated(" + "unsafe)"]
        for file in try SourceTree.swiftFiles(in: "Sources") + SourceTree.swiftFiles(in: "Tests") {
            for (index, line) in file.lines.enumerated() {
                // A harness plants its flaw before it starts a second thread, in a build of its own.
                if file.path.hasSuffix("/Flaw.swift"), line.contains("var planted") { continue }
                for word in words + forced where line.contains(word) {
                    Issue.record("\(file.path):\(index + 1) holds \(word)")
                }
            }
        }
    }

    @Test("no machine's paths stand in the tree")
    func paths() throws {
        let forbidden = ["/ro" + "ot/", "/wo" + "rk/"]
        for file in try SourceTree.swiftFiles(in: "Sources") + SourceTree.swiftFiles(in: "Tests") {
            for (index, line) in file.lines.enumerated() where forbidden.contains(where: line.contains) {
                Issue.record("\(file.path):\(index + 1) names a path of one machine")
            }
        }
    }
}
