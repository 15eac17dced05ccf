internal import CFaultyDisk
internal import Foundation

guard faulty_disk_install() == 0 else {
    print("SQLite does not take the disk")
    exit(70)
}
let root = "/dev/shm/parley-powercut-\(ProcessInfo.processInfo.processIdentifier)"
defer { try? FileManager.default.removeItem(atPath: root) }
do {
    try Harness(Options(Array(CommandLine.arguments.dropFirst())), root: root).run()
} catch {
    print("\(error)")
    try? FileManager.default.removeItem(atPath: root)
    exit(1)
}
