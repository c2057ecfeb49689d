/* The pseudo-console that pywinpty brings does not run in wine: this passes on to wine's own. */
#include <windows.h>

#define OURS __declspec(dllexport)

typedef void *Console;
typedef HRESULT(WINAPI *Create)(COORD, HANDLE, HANDLE, DWORD, Console *);
typedef HRESULT(WINAPI *Resize)(Console, COORD);
typedef void(WINAPI *Close)(Console);

static void *theirs(const char *name) { return (void *)GetProcAddress(GetModuleHandleA("kernel32"), name); }

OURS HRESULT WINAPI ConptyCreatePseudoConsole(COORD size, HANDLE in, HANDLE out, DWORD flags, Console *made) {
    return ((Create)theirs("CreatePseudoConsole"))(size, in, out, 0, made);
}

/* wine 8 cannot do it, and a program that wants to see another size finds out by itself. */
OURS HRESULT WINAPI ConptyResizePseudoConsole(Console console, COORD size) {
    ((Resize)theirs("ResizePseudoConsole"))(console, size);
    return S_OK;
}

OURS void WINAPI ConptyClosePseudoConsole(Console console) { ((Close)theirs("ClosePseudoConsole"))(console); }

OURS HRESULT WINAPI ConptyShowHidePseudoConsole(Console console, BOOL shown) { return S_OK; }
