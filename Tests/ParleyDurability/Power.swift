internal import CFaultyDisk
internal import Foundation

/// One machine's disk and its power: everything in one folder. Databases lie on the faulty disk; identity
/// files lie in the real folder of the same path.
struct Power {
    let folder: String

    /// A new, empty machine.
    init(newAt folder: String) throws {
        self.folder = folder
        faulty_disk_forget(folder)
        try? FileManager.default.removeItem(atPath: folder)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    var isOff: Bool { faulty_disk_is_off(folder) != 0 }
    var operations: Int64 { faulty_disk_operations(folder) }

    /// - Parameter operation: the power goes during that writing operation from now.
    func plan(cutAt operation: Int, seed: UInt64) { faulty_disk_cut_at(folder, Int64(operation), seed) }
    func cut(seed: UInt64) { faulty_disk_cut(folder, seed) }
    func restore() { faulty_disk_power_on(folder) }
}

/// What must hold does not.
struct Violation: Error, CustomStringConvertible {
    let description: String

    init(_ text: String) { description = text }
}

func require(_ condition: Bool, _ text: @autoclosure () -> String) throws {
    if !condition { throw Violation(text()) }
}
