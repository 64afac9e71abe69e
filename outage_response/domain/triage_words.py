"""The words that danger is read by, Chinese and English, as `words/danger.ini` has them: beside each list stands there why.

{x} stands for up to four words, or twelve Chinese characters; a word that ends in * for all that begin with it. Chinese is written
simplified there: what is written the traditional way is turned into it before it is looked at. DANGER_WORDS and NO_DANGER can be
changed in Settings. All others cannot: words that mean danger only together, and what says that there is none.
"""

from . import word_lists
from .word_lists import Words, joined, rows

_LISTS = word_lists.load("danger")

DANGER_WORDS = _LISTS["danger_words"]
NO_DANGER = _LISTS["no_danger"]

# Words of one meaning: "a lift" and "cannot get out" are each harmless, and together they are not
MEANINGS: dict[str, Words] = {
	section.removeprefix("meanings/"): words for section, words in _LISTS.items() if section.startswith("meanings/")
}
# Meanings that are danger where they stand in one sentence, or in two that follow each other
IN_ONE_SENTENCE = joined(_LISTS["in_one_sentence"], "+")
IN_TWO_SENTENCES = joined(_LISTS["in_two_sentences"], "+")

# What may be denied, how, and what may stand between a denial and what it denies
DENIABLE = _LISTS["deniable"]
DENYING, DENYING_CHINESE = _LISTS["denying"], _LISTS["denying_chinese"]
BETWEEN, BETWEEN_CHINESE = _LISTS["between"], _LISTS["between_chinese"]
# Thought of, not seen ("what if somebody is shut in"); and what is meant all the same ("I don't know if he is trapped")
SUPPOSED, MEANT = _LISTS["supposed"], _LISTS["meant"]

# (words of danger, what says that it is over)
OVER = rows(_LISTS, "over", "of", "signs")
GOING_ON, TAKEN_BACK, OPENING = _LISTS["going_on"], _LISTS["taken_back"], _LISTS["opening"]
# (words of danger, what they are harmless beside)
HARMLESS_BESIDE = rows(_LISTS, "harmless_beside", "of", "signs")
# (words of danger, what they are harmless beside, what keeps them a danger all the same)
HARMLESS_UNLESS = rows(_LISTS, "harmless_unless", "of", "signs", "unless")

NOT_URGENT, URGENT, NO_EVENT, PAST = (_LISTS[name] for name in ("not_urgent", "urgent", "no_event", "past"))

# Written the traditional way -> as the lists write it
_TRADITIONAL = (
	"嚨咙腫肿敏敏膚肤髮发齒齿鬍胡顎颚頸颈頂顶喚唤勁劲償偿譜谱鄭郑劉刘陳陈張张趙赵楊杨馬马魚鱼鳥鸟龍龙龜龟貓猫豬猪"
	"錶表塵尘寫写緬缅"
	"電电沒没閘闸斷断燈灯滅灭壓压閃闪來来煙烟著着燒烧觸触氣气機机傷伤暈晕樓楼裡里裏里關关還还開开總总險险絲丝蠟蜡燭烛幾几點点時时麼么"
	"濃浓災灾熱热線线說说們们嗎吗單单戶户區区門门鎖锁話话視视費费動动車车寶宝鑰钥遙遥處处復复無无並并會会經经謠谣間间個个擊击裝装霧雾"
	"維维倉仓煤煤洩泄響响報报鄰邻從从問问題题業业啟启內内當当現现個个讓让請请過过這这進进邊边兩两為为麻麻腳脚體体實实應应綫线韋韦圍围"
	"頭头難难輛辆箱箱廳厅廚厨閥阀膽胆爐炉護护醫医頂顶層层幢幢棟栋庫库衛卫隻只紅红綠绿黃黄誰谁訊讯號号臺台台台檯台"
	"積积櫃柜嗆呛繩绳墜坠滲渗濕湿濺溅滾滚臟脏藥药島岛凍冻婦妇產产嬰婴兒儿媽妈爺爷孫孙鐘钟鐵铁鋼钢顫颤燙烫聞闻聽听見见嚇吓對对講讲慘惨緊紧發发導导牆墙樹树掛挂懸悬橫横搖摇擺摆閉闭夾夹幫帮嘔呕癲癫癇痫癱瘫痙痉攣挛備备撐撑盡尽淨净"
	"腎肾針针療疗儀仪監监測测僅仅變变質质溫温輪轮墊垫餵喂養养獨独歲岁鬧闹聲声員员師师臉脸蒼苍撲扑爛烂膠胶絞绞纜缆樁桩桿杆藍蓝轟轰亂乱緩缓轎轿廂厢沖冲衝冲鑽钻竄窜飄飘湧涌噴喷澆浇雞鸡臨临陣阵宮宫縮缩穩稳醬酱隱隐雙双張张學学術术"
	"銷销擔担攜携撥拨舖铺範范參参觀观訪访諾诺願愿誌志論论識识評评詢询該该詳详誠诚調调談谈認认議议譯译讀读讚赞趕赶軟软較较載载輕轻辦办農农遲迟遺遗鈴铃銅铜鋪铺鏡镜陰阴陽阳際际隊队階阶雖虽靜静頓顿領领顏颜風风飛飞館馆驗验驟骤鬥斗鹽盐黨党齊齐戲戏據据擇择擁拥擴扩擾扰攝摄敗败敵敌數数曆历檔档檢检歡欢殘残毀毁況况減减準准滿满漲涨潔洁濟济獎奖環环畢毕盜盗礎础禮礼稱称競竞筆笔簽签紀纪納纳純纯紙纸組组絕绝緒绪縣县織织繞绕罷罢職职聯联舉举舊旧艱艰藝艺蘭兰虧亏補补製制複复規规親亲計计訂订訴诉診诊註注詞词試试課课賀贺賞赏賴赖贈赠軌轨輔辅輸输轉转鈔钞錄录鍋锅鍵键鏈链閱阅闊阔陸陆隨随雲云韓韩順顺須须頒颁頻频顧顾顯显飲饮飽饱餅饼騎骑騙骗騰腾驅驱髒脏"
	"烏乌壞坏尋寻係系賠赔屬属鑼锣節节證证簡简營营羅罗蘇苏權权廣广種种類类預预鮮鲜飯饭餘余續续終终結结給给約约級级細细統统絡络網网資资購购貨货責责貼贴賬账賣卖買买運运遠远達达選选郵邮釘钉銀银錯错"
	"狀状塊块雜杂淺浅鬆松後后條条歐欧麵面離离異异獲获釋释誤误驚惊虛虚謝谢錦锦覺觉麽么蓋盖閣阁鄉乡適适歷历將将邏逻輯辑癢痒腦脑傾倾倖幸搶抢歸归贏赢圓圆團团慮虑憂忧鏽锈跡迹傳传奪夺紋纹習习練练嚴严圖图"
)
TRADITIONAL = str.maketrans(_TRADITIONAL[::2], _TRADITIONAL[1::2])
