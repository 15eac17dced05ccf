import Foundation
import ParleyTerminal

/// Questions before something that is not easily undone. Three levels: mild acts ask nothing; moderate ones
/// ask y/N, or take `--yes`; severe ones want a name typed, or `--confirm=NAME`.
extension Console {
    func confirm(_ question: String) throws {
        if options.yes { return }
        let answer = try ask(question + " [y/N] ", insteadUse: "--yes").lowercased()
        guard answer == "y" || answer == "yes" else {
            throw CommandFailure(.cancelled, "cancelled", "Cancelled. Nothing was changed.")
        }
    }

    func confirm(_ question: String, byTyping name: String, given: String?) throws {
        let typed = try given ?? ask("\(question)\nType \(name) to go on: ", insteadUse: "--confirm=\(name)")
        guard typed == name else {
            throw CommandFailure(.cancelled, "cancelled", "That is not \(name). Nothing was changed.")
        }
    }

    private func ask(_ question: String, insteadUse option: String) throws -> String {
        guard !options.noInput, isatty(0) == 1 else {
            throw CommandFailure(
                .cancelled, "confirmation", question + "There is nobody to ask.", hint: "to go on: \(option)")
        }
        try out.flush()
        try messages.write(visibleBlock(question))
        try messages.flush()
        return (readLine() ?? "").trimmingCharacters(in: .whitespaces)
    }

    /// All of standard input, for `-`.
    func input(atMost limit: Int = 16 * 1024 * 1024) throws -> String {
        try text(Editor.readAll(0, atMost: limit), from: "standard input")
    }

    func contents(ofFile path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure(.failed, "file", "The file \"\(path)\" cannot be read.")
        }
        return try text([UInt8](data), from: path)
    }

    private func text(_ bytes: [UInt8], from place: String) throws -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(
                .failed, "not-utf8", "What \(place) holds is not UTF-8. Nothing was written.")
        }
        return text
    }
}
