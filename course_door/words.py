"""Every sentence that ``course.py`` says, in three languages. Readable by Python 3.6: it speaks to old Pythons too.

The package's own words live in ``course_utils/i18n``; these stand here because they are said before it is installed.
"""
# ruff: noqa: E501  (a sentence stands on one line, so that the three languages can be read side by side)

SENTENCES = {
    "usage": {
        "en": """A course on neural scaling laws. The first call installs what is needed into .venv; later calls start at once.

  {course} open [LESSON]      study: JupyterLab at lesson 00, or at LESSON (number, name, or part of it)
      --lang en|vi|zh                the language; without it, that of your system
      --no-browser                   only print the address
      --port N                       this port and no other
      --fresh                        start the lesson again from its original; your copy is kept beside it
  {course} test [...]         run the tests (options go to pytest)
  {course} setup              install only
  {course} build [LESSON]     build the notebooks from notebooks/source (--lang for one language)
  {course} bench [...]        time the fits against other packages (--install first brings them, --quick for a look)
  {course} ladder [...]       train the model ladder again (--install first brings PyTorch, --smoke tries it)
  {course} ladder play NAME   a ladder of your own: plan, foretell, train, be judged (--recorded 0 needs no PyTorch)
  {course} tasks NAME [...]   train the small models of a task again (multiplication, parity, ...; --smoke tries it)
  {course} data [list|download|verify]   the data sets
  {course} teach [LESSON ...] make a teacher's folder: answers, student copies, slides, plans, assignments (--lang, --out)
  {course} lock [--upgrade]   for maintainers: resolve the requirements*.lock files again""",
        "vi": """Khóa học về luật mở rộng của mạng nơ-ron. Lần đầu, lệnh tự cài mọi thứ vào .venv; những lần sau chạy ngay.

  {course} open [BÀI]         học: mở JupyterLab ở bài 00, hoặc ở BÀI (số, tên, hay một phần của tên)
      --lang en|vi|zh                ngôn ngữ; bỏ trống thì theo máy của bạn
      --no-browser                   chỉ in địa chỉ, không mở trình duyệt
      --port N                       dùng đúng cổng này
      --fresh                        học lại từ bản gốc; bản bạn đã sửa vẫn được giữ bên cạnh
  {course} test [...]         chạy kiểm thử (các tùy chọn chuyển cho pytest)
  {course} setup              chỉ cài đặt
  {course} build [BÀI]        dựng notebook từ notebooks/source (--lang để chọn một ngôn ngữ)
  {course} bench [...]        đo tốc độ khớp so với các gói khác (--install cài chúng trước, --quick đo nhanh)
  {course} ladder [...]       huấn luyện lại dãy mô hình (--install cài PyTorch trước, --smoke chạy thử)
  {course} ladder play TÊN    thang mô hình của riêng bạn: lên kế hoạch, đoán, huấn luyện, chấm (--recorded 0 không cần PyTorch)
  {course} tasks TÊN [...]    huấn luyện lại các mô hình nhỏ của một bài toán (multiplication, parity...; --smoke chạy thử)
  {course} data [list|download|verify]   các bộ dữ liệu
  {course} teach [BÀI ...]    làm thư mục cho người dạy: đáp án, bản học viên, trang chiếu, kế hoạch, bài chấm điểm (--lang, --out)
  {course} lock [--upgrade]   cho người bảo trì: tính lại các tệp requirements*.lock""",
        "zh": """神经网络缩放定律课程。首次运行会把所需的一切装进 .venv，以后运行立即开始。

  {course} open [课程]        学习：用 JupyterLab 打开第 00 课，或指定的课（编号、名称或名称的一部分）
      --lang en|vi|zh                语言；不写则跟随系统
      --no-browser                   只显示网址，不打开浏览器
      --port N                       只用这个端口
      --fresh                        从原始版本重新开始；你改过的副本会保留在旁边
  {course} test [...]         运行测试（选项转给 pytest）
  {course} setup              只安装
  {course} build [课程]       由 notebooks/source 生成笔记本（--lang 指定一种语言）
  {course} bench [...]        与其他软件包比较拟合速度（先用 --install 安装它们，--quick 粗测）
  {course} ladder [...]       重新训练模型阶梯（先用 --install 装 PyTorch，--smoke 试跑）
  {course} ladder play 名称   自己的模型阶梯：计划、预测、训练、判决（--recorded 0 不需要 PyTorch）
  {course} tasks 名称 [...]   重新训练某个任务的小模型（multiplication、parity 等；--smoke 试跑）
  {course} data [list|download|verify]   数据集
  {course} teach [课程 ...]    生成教师文件夹：答案、学生版、幻灯片、教学计划、作业（--lang、--out）
  {course} lock [--upgrade]   维护者使用：重新生成各个 requirements*.lock""",
    },
    # ---- the Python under it
    "python_too_old": {
        "en": "This is Python {have}; the course needs Python 3.11 to 3.14. {cure}",
        "vi": "Bạn đang dùng Python {have}; khóa học cần Python 3.11 đến 3.14. {cure}",
        "zh": "当前是 Python {have}，课程需要 Python 3.11 至 3.14。{cure}",
    },
    "python_too_new": {
        "en": "This is Python {have}; the course is tested with Python 3.11 to 3.14, and its packages with no newer one. {cure}",
        "vi": "Bạn đang dùng Python {have}; khóa học và các gói của nó mới chạy được với Python 3.11 đến 3.14. {cure}",
        "zh": "当前是 Python {have}；课程及其软件包目前只支持 Python 3.11 至 3.14。{cure}",
    },
    "cure_other_python": {
        "en": "You have a suitable one, run: {course}",
        "vi": "Máy bạn có sẵn bản phù hợp, hãy chạy: {course}",
        "zh": "你的电脑上已有合适的版本，请运行：{course}",
    },
    "cure_install_python": {
        "en": "Install one from https://www.python.org/downloads/, then run again: {course}",
        "vi": "Hãy cài từ https://www.python.org/downloads/ rồi chạy lại: {course}",
        "zh": "请从 https://www.python.org/downloads/ 安装，再运行：{course}",
    },
    # ---- installing
    "making_venv": {
        "en": "Making {venv} with Python {python}",
        "vi": "Tạo {venv} với Python {python}",
        "zh": "用 Python {python} 创建 {venv}",
    },
    "installing": {
        "en": "Installing {count} packages with {tool}, each checked against its hash",
        "vi": "Cài {count} gói bằng {tool}, gói nào cũng được đối chiếu mã băm",
        "zh": "用 {tool} 安装 {count} 个软件包，逐个核对哈希值",
    },
    "installing_course": {
        "en": "Installing the course itself",
        "vi": "Cài gói của khóa học",
        "zh": "安装课程本身",
    },
    "removing": {
        "en": "Removing {count} packages that are no longer needed",
        "vi": "Gỡ {count} gói không còn cần",
        "zh": "移除 {count} 个不再需要的软件包",
    },
    "ready": {
        "en": "Ready after {seconds} s. From now on the course starts at once.",
        "vi": "Xong sau {seconds} giây. Từ giờ khóa học mở ngay.",
        "zh": "用时 {seconds} 秒，准备就绪。以后可以直接开始。",
    },
    "nothing_to_do": {
        "en": "Everything is in place.",
        "vi": "Mọi thứ đã sẵn sàng.",
        "zh": "一切就绪。",
    },
    "repairing": {
        "en": "The last installation was cut short; making .venv again.",
        "vi": "Lần cài trước bị ngắt giữa chừng; đang làm lại .venv.",
        "zh": "上次安装中途中断，正在重建 .venv。",
    },
    "python_changed": {
        "en": "The Python that {venv} was made with is gone or has changed; making it again.",
        "vi": "Bản Python từng dùng để tạo {venv} không còn hoặc đã đổi; đang tạo lại.",
        "zh": "创建 {venv} 时所用的 Python 已不在或已变更，正在重建。",
    },
    "moved_aside": {
        "en": "There was a {venv} that the course cannot use. It is kept as {aside}; delete it if you do not need it.",
        "vi": "Đã có sẵn một {venv} mà khóa học không dùng được. Nó được giữ ở {aside}; không cần thì bạn xóa đi.",
        "zh": "原有的 {venv} 无法用于本课程，已移到 {aside}；不需要可以删除。",
    },
    "waiting_for_other": {
        "en": "Another window is installing the course; waiting for it",
        "vi": "Một cửa sổ khác đang cài khóa học; đang chờ",
        "zh": "另一个窗口正在安装课程，等待中",
    },
    "interrupted": {
        "en": "Stopped. Run the same command to go on: {course}",
        "vi": "Đã dừng. Chạy lại lệnh vừa rồi để tiếp tục: {course}",
        "zh": "已停止。再次运行同一命令即可继续：{course}",
    },
    # ---- what can go wrong while installing
    "no_lock_file": {
        "en": "{file} is missing: this copy of the course is incomplete. Get it again with git clone, or: git checkout {file}",
        "vi": "Thiếu {file}: bản khóa học này chưa đủ. Hãy tải lại bằng git clone, hoặc: git checkout {file}",
        "zh": "缺少 {file}：课程文件不完整。请重新 git clone，或运行：git checkout {file}",
    },
    "no_venv": {
        "en": "This Python cannot make environments (no venv module). On Debian or Ubuntu: sudo apt install {package}",
        "vi": "Bản Python này không tạo được môi trường ảo (thiếu mô-đun venv). Trên Debian, Ubuntu: sudo apt install {package}",
        "zh": "这个 Python 无法创建虚拟环境（缺少 venv 模块）。Debian 或 Ubuntu 请运行：sudo apt install {package}",
    },
    "no_network": {
        "en": "The packages cannot be fetched: no connection. Check the network (or proxy) and run again. Details: {log}",
        "vi": "Không tải được các gói: không có kết nối. Hãy kiểm tra mạng (hoặc proxy) rồi chạy lại. Chi tiết: {log}",
        "zh": "无法下载软件包：网络不通。请检查网络（或代理）后再运行。详情见 {log}",
    },
    "certificate": {
        "en": "A certificate on the way to the packages is not trusted. Behind a company proxy, set SSL_CERT_FILE to its "
        "certificate and run again. Details: {log}",
        "vi": "Một chứng chỉ trên đường tải gói không được tin cậy. Nếu mạng công ty có proxy, hãy đặt SSL_CERT_FILE "
        "trỏ tới chứng chỉ của nó rồi chạy lại. Chi tiết: {log}",
        "zh": "下载途中的证书不受信任。若在公司代理之后，请把 SSL_CERT_FILE 设为代理的证书再运行。详情见 {log}",
    },
    "disk_full": {
        "en": "The disk is full. Free about 1 GB and run again. Details: {log}",
        "vi": "Ổ đĩa đã đầy. Hãy giải phóng khoảng 1 GB rồi chạy lại. Chi tiết: {log}",
        "zh": "磁盘已满。请腾出约 1 GB 空间后再运行。详情见 {log}",
    },
    "disk_small": {
        "en": "The installation needs {needed} GB, and {folder} has {free} GB left. Free some space and run again.",
        "vi": "Cần {needed} GB để cài, mà ổ chứa {folder} chỉ còn {free} GB. Hãy giải phóng bớt rồi chạy lại.",
        "zh": "安装需要 {needed} GB，而 {folder} 所在磁盘只剩 {free} GB。请腾出空间后再运行。",
    },
    "hash_mismatch": {
        "en": "A package is not the one that requirements.lock names ({package}): its hash differs. Nothing was trusted. "
        "Run again; if it stays, the index or mirror you use serves changed files. Details: {log}",
        "vi": "Một gói không đúng với requirements.lock ({package}): mã băm khác, nên không được dùng. Hãy chạy lại; "
        "nếu vẫn vậy thì nguồn tải bạn đang dùng có tệp bị đổi. Chi tiết: {log}",
        "zh": "有软件包与 requirements.lock 不符（{package}）：哈希值不同，已拒绝使用。请重试；若仍如此，"
        "说明所用的镜像源文件有改动。详情见 {log}",
    },
    "files_in_use": {
        "en": "Files in {venv} are in use. Close the other windows of the course (JupyterLab too) and run again.",
        "vi": "Tệp trong {venv} đang được dùng. Hãy đóng các cửa sổ khác của khóa học (cả JupyterLab) rồi chạy lại.",
        "zh": "{venv} 中的文件正在使用。请关闭课程的其他窗口（包括 JupyterLab）后再运行。",
    },
    "no_wheel": {
        "en": "There is no ready package for this system with Python {python} ({package}). Use Python 3.12, 64-bit, "
        "delete {venv} and run again. Details: {log}",
        "vi": "Không có gói dựng sẵn cho máy này với Python {python} ({package}). Hãy dùng Python 3.12 bản 64-bit, "
        "xóa {venv} rồi chạy lại. Chi tiết: {log}",
        "zh": "没有适合本系统与 Python {python} 的现成软件包（{package}）。请改用 64 位 Python 3.12，"
        "删除 {venv} 后再运行。详情见 {log}",
    },
    "no_permission": {
        "en": "This folder cannot be written to. Put the course in a folder of your own and run again. Details: {last}",
        "vi": "Không có quyền ghi vào thư mục này. Hãy đặt khóa học trong thư mục của bạn rồi chạy lại. Chi tiết: {last}",
        "zh": "没有写入此文件夹的权限。请把课程放到你自己的文件夹里再运行。详情：{last}",
    },
    "install_failed": {
        "en": "The installation failed: {last} (all of it: {log}). Run again; if it stays, delete {venv} first.",
        "vi": "Cài đặt không thành: {last} (toàn bộ ở {log}). Hãy chạy lại; nếu vẫn vậy, xóa {venv} trước đã.",
        "zh": "安装失败：{last}（完整记录见 {log}）。请重试；若仍如此，先删除 {venv}。",
    },
    # ---- commands and lessons
    "unknown_command": {
        "en": "There is no command {wanted!r}; did you mean {nearest!r}? Commands: {all}. Help: {course} help",
        "vi": "Không có lệnh {wanted!r}; ý bạn là {nearest!r}? Các lệnh: {all}. Trợ giúp: {course} help",
        "zh": "没有命令 {wanted!r}，是不是想用 {nearest!r}？可用命令：{all}。帮助：{course} help",
    },
    "bad_option": {
        "en": "The options are not understood: {detail}. Help: {course} help",
        "vi": "Không hiểu tùy chọn: {detail}. Trợ giúp: {course} help",
        "zh": "无法理解的选项：{detail}。帮助：{course} help",
    },
    "bad_language": {
        "en": "The course is not written in {wanted!r}. Languages: {all}.",
        "vi": "Khóa học chưa có tiếng {wanted!r}. Các ngôn ngữ: {all}.",
        "zh": "课程没有 {wanted!r} 版本。可选语言：{all}。",
    },
    "unknown_lesson": {
        "en": "There is no lesson {wanted!r}. The nearest is {nearest}: {course} open {nearest}. All lessons: {all}.",
        "vi": "Không có bài {wanted!r}. Gần nhất là {nearest}: {course} open {nearest}. Tất cả các bài: {all}.",
        "zh": "没有课程 {wanted!r}。最接近的是 {nearest}：{course} open {nearest}。全部课程：{all}。",
    },
    "several_lessons": {
        "en": "{wanted!r} fits several lessons: {all}. Give more of the name, or the number.",
        "vi": "{wanted!r} khớp với nhiều bài: {all}. Hãy gõ thêm tên, hoặc gõ số của bài.",
        "zh": "{wanted!r} 对应多课：{all}。请多写几个字，或直接写编号。",
    },
    "no_lessons": {
        "en": "No lesson is built yet. Build them: {course} build",
        "vi": "Chưa có bài nào được dựng. Hãy dựng: {course} build",
        "zh": "还没有生成任何课程。请先生成：{course} build",
    },
    "lessons_in_english": {
        "en": "The lessons are not built in this language yet; here they are in English.",
        "vi": "Các bài chưa có bản tiếng Việt; tạm mở bản tiếng Anh.",
        "zh": "课程尚无中文版，先打开英文版。",
    },
    "copy_written": {
        "en": "You work in {copy}, a copy of your own: write and run what you like, updates never touch your changes.",
        "vi": "Bạn học trong {copy}, bản của riêng bạn: cứ viết và chạy thoải mái, cập nhật không đụng tới chỗ bạn sửa.",
        "zh": "你在自己的副本 {copy} 里学习：随意书写和运行，更新不会动你的改动。",
    },
    "copy_outdated": {
        "en": "There is a newer version of this lesson; {copy} with your changes stays as it is. "
        "To take the new one (yours is kept beside it): {course} open {lesson} --fresh",
        "vi": "Bài này đã có bản mới; {copy} với phần bạn sửa vẫn giữ nguyên. "
        "Muốn lấy bản mới (bản của bạn được giữ bên cạnh): {course} open {lesson} --fresh",
        "zh": "这一课有新版本；你改过的 {copy} 保持不变。要用新版本（你的副本会留在旁边）：{course} open {lesson} --fresh",
    },
    "copy_kept": {
        "en": "Your former copy is kept as {kept}.",
        "vi": "Bản trước của bạn được giữ ở {kept}.",
        "zh": "你之前的副本保留为 {kept}。",
    },
    # ---- JupyterLab
    "starting_lab": {
        "en": "Starting JupyterLab",
        "vi": "Khởi động JupyterLab",
        "zh": "启动 JupyterLab",
    },
    "lab_open": {
        "en": "The lesson opens in your browser. Should it not, open this address:\n  {address}",
        "vi": "Bài học đang mở trong trình duyệt. Nếu không thấy, hãy mở địa chỉ này:\n  {address}",
        "zh": "课程正在浏览器中打开。如果没有出现，请打开这个网址：\n  {address}",
    },
    "lab_open_by_hand": {
        "en": "Open this address in your browser:\n  {address}",
        "vi": "Hãy mở địa chỉ này trong trình duyệt:\n  {address}",
        "zh": "请在浏览器中打开这个网址：\n  {address}",
    },
    "how_to_stop": {
        "en": "Keep this window open while you study. Ctrl-C ends the course; save your notebook first.",
        "vi": "Cứ để cửa sổ này mở trong lúc học. Nhấn Ctrl-C để kết thúc; nhớ lưu notebook trước.",
        "zh": "学习时请保持此窗口打开。按 Ctrl-C 结束；请先保存笔记本。",
    },
    "stopping": {
        "en": "Ending JupyterLab and everything it started.",
        "vi": "Đang tắt JupyterLab và mọi thứ nó đã khởi động.",
        "zh": "正在关闭 JupyterLab 及其启动的一切。",
    },
    "port_next": {
        "en": "Port {port} is taken; using {next}.",
        "vi": "Cổng {port} đang bận; dùng cổng {next}.",
        "zh": "端口 {port} 已被占用，改用 {next}。",
    },
    "port_taken": {
        "en": "Port {port} is taken. Leave --port out and a free one is chosen: {course} open",
        "vi": "Cổng {port} đang bận. Bỏ --port đi thì cổng trống sẽ được tự chọn: {course} open",
        "zh": "端口 {port} 已被占用。去掉 --port 会自动选择空闲端口：{course} open",
    },
    "lab_failed": {
        "en": "JupyterLab did not start: {last} (all of it: {log}). Run again; if it stays, delete .venv first.",
        "vi": "JupyterLab không khởi động được: {last} (toàn bộ ở {log}). Hãy chạy lại; nếu vẫn vậy, xóa .venv trước đã.",
        "zh": "JupyterLab 未能启动：{last}（完整记录见 {log}）。请重试；若仍如此，先删除 .venv。",
    },
    # ---- extras
    "no_chromium": {
        "en": "NOTE: Chromium is not found, so the browser tests are SKIPPED. To run them too: {cure}",
        "vi": "CHÚ Ý: không thấy Chromium nên các kiểm thử trình duyệt bị BỎ QUA. Muốn chạy cả chúng: {cure}",
        "zh": "注意：找不到 Chromium，浏览器测试将被【跳过】。要一并运行：{cure}",
    },
    "training_missing": {
        "en": "Training needs {names}, which the course does not install by itself. "
        "Install it (the CPU build, about 200 MB): {course} ladder --install   With an NVIDIA card: --install=gpu",
        "vi": "Huấn luyện mô hình cần {names}, thứ mà khóa học không tự cài. "
        "Cài (bản CPU, khoảng 200 MB): {course} ladder --install   Máy có card NVIDIA: --install=gpu",
        "zh": "训练模型需要 {names}，课程默认不安装。"
        "安装（CPU 版，约 200 MB）：{course} ladder --install   有 NVIDIA 显卡：--install=gpu",
    },
    "installing_uv": {
        "en": "Fetching uv, which can choose the right build of PyTorch",
        "vi": "Tải uv, công cụ chọn đúng bản PyTorch",
        "zh": "下载 uv，用它选择合适的 PyTorch 版本",
    },
    "installing_training": {
        "en": "Installing PyTorch ({backend}) for the ladder",
        "vi": "Cài PyTorch ({backend}) cho dãy mô hình",
        "zh": "为模型阶梯安装 PyTorch（{backend}）",
    },
    "torch_index_unreachable": {
        "en": "PyTorch cannot be fetched from its own index. Trying the usual one, whose build may be larger (on Linux "
        "several GB).",
        "vi": "Không tải được PyTorch từ kho riêng của nó. Đang thử kho thông thường; bản ở đó có thể lớn hơn (trên Linux "
        "là vài GB).",
        "zh": "无法从 PyTorch 自己的软件源下载，改用常规软件源；那里的版本可能更大（在 Linux 上有好几 GB）。",
    },
    "installing_training_plain": {
        "en": "Installing PyTorch from the usual index",
        "vi": "Cài PyTorch từ kho thông thường",
        "zh": "从常规软件源安装 PyTorch",
    },
    "training_failed": {
        "en": "PyTorch could be fetched neither from its own index nor from the usual one. Check the network (or proxy) and "
        "run again; all lessons and recorded games work without it: {course} ladder play --recorded 0   Details: {log}",
        "vi": "Không tải được PyTorch, cả từ kho riêng lẫn kho thông thường. Hãy kiểm tra mạng (hoặc proxy) rồi chạy lại; "
        "các bài học và ván ghi sẵn không cần nó: {course} ladder play --recorded 0   Chi tiết: {log}",
        "zh": "PyTorch 自己的软件源和常规软件源都无法下载。请检查网络（或代理）后再运行；课程和存档对局不需要它："
        "{course} ladder play --recorded 0   详情见 {log}",
    },
    "training_ready": {
        "en": "PyTorch is installed. Three tiny models in under a minute: {course} ladder --smoke",
        "vi": "Đã cài PyTorch. Thử ba mô hình tí hon, chưa tới một phút: {course} ladder --smoke",
        "zh": "PyTorch 已装好。一分钟内训练三个微型模型：{course} ladder --smoke",
    },
    "peers_missing": {
        "en": "Not installed, so not measured: {names}. To measure them too: {course} bench --install",
        "vi": "Chưa cài nên chưa đo: {names}. Muốn đo cả chúng: {course} bench --install",
        "zh": "未安装，因此不测：{names}。要一并测量：{course} bench --install",
    },
    "installing_peers": {
        "en": "Installing what the fits are measured against: {names}",
        "vi": "Cài những gói đem ra so tốc độ: {names}",
        "zh": "安装用来比较的软件包：{names}",
    },
    "installing_beside": {
        "en": "Installing what this command needs besides, with {tool}: {names}",
        "vi": "Cài thêm những gói lệnh này cần, bằng {tool}: {names}",
        "zh": "用 {tool} 安装本命令另需的软件包：{names}",
    },
    "beside_missing": {
        "en": "NOTE: not installed: {names}. What needs them is SKIPPED. The cause: {cause}",
        "vi": "CHÚ Ý: chưa cài được {names}. Phần nào cần chúng sẽ BỊ BỎ QUA. Nguyên nhân: {cause}",
        "zh": "注意：未能安装 {names}，需要它们的部分将跳过。原因：{cause}",
    },
    "lock_failed": {
        "en": "uv could not resolve {file}; its own words stand above. The lock files are as they were.",
        "vi": "uv không tính được {file}; lý do ở ngay trên. Các tệp lock vẫn như cũ.",
        "zh": "uv 未能算出 {file}，原因见上文。各个 lock 文件保持原样。",
    },
    "lock_needs_uv": {
        "en": "Resolving the lock needs uv: https://docs.astral.sh/uv/",
        "vi": "Cần uv để tính lại tệp lock: https://docs.astral.sh/uv/",
        "zh": "重新生成 lock 文件需要 uv：https://docs.astral.sh/uv/",
    },
}

_language = "en"


def use_language(code):
    """Speak this language from now on: ``"en"``, ``"vi"`` or ``"zh"``."""
    global _language
    _language = code


def say(key, **fields):
    """Give a sentence in the language in use, its fields filled in.

    Examples
    --------
    >>> say("port_next", port=8888, next=8889)
    'Port 8888 is taken; using 8889.'
    """
    return SENTENCES[key][_language].format(**fields)
